// A whole AT Protocol network (directory, personal data server, relay, AppView) on 127.0.0.1.
//   GET  /status  says where each server listens
//   POST /settle  answers when the AppView has indexed all that was posted
import http from 'node:http'
import net from 'node:net'

// The development network listens on every address of the machine: it may listen on loopback only.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...told) {
  const done = told.find((each) => typeof each === 'function')
  if (['number', 'string'].includes(typeof told[0]) && /^\d+$/.test(String(told[0]))) {
    return listen.call(this, { port: Number(told[0]), host: '127.0.0.1' }, ...(done ? [done] : []))
  }
  if (told[0] && typeof told[0] === 'object' && 'port' in told[0]) told[0].host ??= '127.0.0.1'
  return listen.apply(this, told)
}

const { TestNetwork } = await import('@atproto/dev-env')
const base = Number(process.env.ATP_PORT)
const network = await TestNetwork.create({
  dbPostgresUrl: process.env.DB_POSTGRES_URL,
  dbPostgresSchema: 'groundswell',
  plc: { port: base + 1 },
  pds: {
    port: base + 2,
    hostname: 'localhost',
    enableDidDocWithSession: true,
    ...(process.env.ATP_RATE_LIMITS ? { rateLimitsEnabled: true } : {}),
  },
  bsky: { port: base + 3, publicUrl: `http://localhost:${base + 3}` },
  ozone: { port: base + 4, chatUrl: 'http://localhost:9', chatDid: 'did:example:chat' },
})
const where = { plc: network.plc.url, pds: network.pds.url, bsky: network.bsky.url }
const stop = () => network.close().finally(() => process.exit(0))
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

http
  .createServer(async (request, response) => {
    const send = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    try {
      if (request.url === '/settle') await network.processAll(20_000)
      send(200, where)
    } catch (error) {
      send(500, { error: String(error?.stack ?? error) })
    }
  })
  .listen(base)
