// What the page asks of the server. Addresses are relative: the token is a part of the page's own.

async function answered(response) {
  if (response.ok) return response;
  const { error } = await response.json();
  throw new Error(error);
}

export async function getJson(place, query = {}) {
  const response = await answered(await fetch(`api/${place}?${new URLSearchParams(query)}`));
  return response.json();
}

export const addressOf = (query) => `api/content?${new URLSearchParams(query)}`;

export async function getContent(query, signal) {
  const response = await answered(await fetch(addressOf(query), { signal }));
  return { body: await response.arrayBuffer(), step: Number(response.headers.get("X-Step")) };
}

export async function postDecision(decision) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(decision);
  const response = await answered(await fetch("api/decision", { method: "POST", headers, body }));
  return response.json();
}
