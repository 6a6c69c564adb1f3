import { html } from "hono/html";

/** HTML whose values are escaped. */
export type Html = ReturnType<typeof html>;

export interface PageOptions {
  readonly title: string;
  /** Its name in `public`, without `.js`. */
  readonly script: string;
  readonly content: Html;
}

/** What all pages have in common. `html` escapes every value that is put into it. */
export function renderPage({ title, script, content }: PageOptions): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/shop.css" />
        <script type="module" src="/${script}.js"></script>
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header>
          <a href="/">The Kitchen Shop</a>
          <span id="connection" role="status"></span>
        </header>
        <main id="content" tabindex="-1">${content}</main>
      </body>
    </html>`;
}
