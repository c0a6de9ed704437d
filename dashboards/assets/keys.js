/* Keys that press a button: whatever carries data-key is pressed by that key, outside of fields. */
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.(
    "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable], [role=grid]",
  );
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const button = [...document.querySelectorAll("[data-key]")].find(
    (found) => found.dataset.key === event.key.toLowerCase(),
  );
  if (button) {
    event.preventDefault();
    button.click();
  }
});
