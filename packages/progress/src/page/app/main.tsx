import { render } from "preact";
import { App } from "./app.tsx";
import { AppState } from "./app-state.ts";

const root = document.querySelector("#app");
if (root) render(<App app={new AppState()} />, root);
