/** Asks the shop for something; throws an error whose message is for the customer. */
export async function ask(path, body) {
  const response = await reach(path, body);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error.message);
  return answer;
}

async function reach(path, body) {
  if (body === undefined) return send(path, {});
  return send(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function send(path, request) {
  try {
    return await fetch(path, request);
  } catch {
    throw new Error("The shop cannot be reached");
  }
}
