// Turns Google's description of an API into OpenAPI 3: node convert.mjs DISCOVERY.json OPENAPI.json
//
// Two things are made stricter, so that a stand-in cannot invent what YouTube does not say: objects
// may hold only the members that are described, and every answer is JSON of the described form.
// Keys are left out: the description names OAuth only.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(process.cwd() + '/') // packages lie where we run, not beside this file
const discovery = require('google-discovery-to-swagger')
const { convertObj } = require('swagger2openapi')

const [from, to] = process.argv.slice(2)
const swagger = discovery.convert(JSON.parse(readFileSync(from, 'utf8')))
delete swagger.security
swagger.produces = ['application/json']
for (const operations of Object.values(swagger.paths)) {
  for (const operation of Object.values(operations)) {
    delete operation.security
    delete operation.produces
  }
}
for (const schema of Object.values(swagger.definitions)) {
  if (schema.type === 'object') schema.additionalProperties ??= false
}
const { openapi } = await convertObj(swagger, { patch: true, warnOnly: true })
writeFileSync(to, JSON.stringify(openapi))
