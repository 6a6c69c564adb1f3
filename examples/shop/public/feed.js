const RETRY_MS = 500;

/** Follows all orders, and says in the header whether it does. `onLive` is called whenever events may have been missed. */
export function followFeed({ onLive, onOrder }) {
  const connection = document.querySelector("#connection");
  const feed = new WebSocket(`${location.origin.replace(/^http/, "ws")}/feed`);
  feed.addEventListener("open", () => {
    connection.textContent = "Live";
    onLive();
  });
  feed.addEventListener("message", ({ data }) => onOrder(JSON.parse(data).order));
  feed.addEventListener("close", () => {
    connection.textContent = "Not live, trying again";
    setTimeout(() => followFeed({ onLive, onOrder }), RETRY_MS);
  });
}
