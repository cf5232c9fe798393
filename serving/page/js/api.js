// What the page asks the service for; the browser's cookie says who asks.

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export async function get(path) {
  return answer(await fetch(`/page/${path}`, { headers: { Accept: "application/json" } }));
}

export async function enter(token) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) };
  const given = await fetch("/page/enter", options);
  if (!given.ok) await answer(given);
}

async function answer(given) {
  const told = await given.json().catch(() => ({}));
  if (!given.ok) throw new Refused(given.status, told.detail || `the service answers ${given.status}`);
  return told;
}
