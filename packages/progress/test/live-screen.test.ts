import { createLogUpdate } from "log-update";
import { describe, expect, it } from "vitest";
import { LiveScreen } from "../src/live-screen.ts";
import { CollectedStream } from "./collected-stream.ts";

function rig(env: Readonly<Record<string, string>> = {}) {
  const stream = new CollectedStream({ columns: 40 });
  return { stream, screen: new LiveScreen(stream, env, createLogUpdate) };
}

/** Rows that a text goes up by. */
const goesUp = (text = ""): number => text.split("\u001b[1A").length - 1;

describe("LiveScreen", () => {
  it("sends a frame in one piece, with nothing shown in between and nothing wrapped", () => {
    const { stream, screen } = rig();
    screen.draw(["a", "b"]);
    screen.draw(["a", "c"]);
    expect(stream.writes).toHaveLength(2);
    for (const text of stream.writes) {
      expect(text.startsWith("\u001b[?2026h\u001b[?7l")).toBe(true);
      expect(text.endsWith("\u001b[?7h\u001b[?2026l")).toBe(true);
    }
    expect(stream.writes[1]).not.toContain("a");
  });

  it("sends nothing for a frame that is as the one before", () => {
    const { stream, screen } = rig();
    screen.draw(["a"]);
    screen.draw(["a"]);
    expect(stream.writes).toHaveLength(1);
  });

  it("shows lines that stay and the region below them at once", () => {
    const { stream, screen } = rig();
    screen.draw(["region"]);
    screen.draw(["region"], { above: () => void stream.write("stays\n") });
    const text = stream.writes.slice(1).join("");
    expect(text.match(/\?2026[hl]/g)).toEqual(["?2026h", "?2026l"]);
    expect(text.indexOf("stays")).toBeLessThan(text.lastIndexOf("region"));
  });

  it("ends the update when the lines cannot be written", () => {
    const { stream, screen } = rig();
    const fail = (): never => {
      throw new Error("disk full");
    };
    expect(() => screen.draw(["region"], { above: fail })).toThrow("disk full");
    expect(stream.text.match(/\?2026[hl]/g)?.at(-1)).toBe("?2026l");
  });

  it.each([
    ["wraps lines anew", { TERM: "xterm-256color" }, 1 + 2 + 3],
    ["is tmux in an xterm", { TMUX: "/tmp/x", XTERM_VERSION: "XTerm(390)" }, 1 + 2 + 3],
    ["is xterm, which cuts them", { XTERM_VERSION: "XTerm(390)" }, 3],
    ["is GNU screen, which cuts them", { STY: "1.pts" }, 3],
  ])("erases as many rows as the region takes when its window got narrower and the terminal %s", (_, env, rows) => {
    const { stream, screen } = rig(env);
    screen.draw(["x".repeat(10), "x".repeat(20), "x".repeat(39)]);
    stream.columns = 15;
    screen.draw(["y"]);
    expect(goesUp(stream.writes[1])).toBe(rows);
    // What is cleared to the end of the screen gets into the scrollback of tmux.
    expect(stream.text).not.toContain("\u001b[J");
  });

  it("gives the cursor back when it leaves, and takes it again with the next frame", () => {
    const { stream, screen } = rig();
    screen.draw(["a"]);
    screen.leave();
    expect(stream.writes.at(-1)?.endsWith("\u001b[?25h")).toBe(true);
    screen.leave();
    expect(stream.writes).toHaveLength(2);
    screen.draw(["a"]);
    expect(stream.writes.at(-1)).toContain("\u001b[?25l");
  });
});
