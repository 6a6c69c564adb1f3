import { describe, expect, it } from "vitest";
import { LiveScreen } from "../src/live-screen.ts";
import { CollectedStream } from "./collected-stream.ts";

function rig() {
  const stream = new CollectedStream({ columns: 40 });
  return { stream, screen: new LiveScreen(stream, {}) };
}

describe("LiveScreen", () => {
  it("sends a frame in one piece, with nothing shown in between and nothing wrapped", () => {
    const { stream, screen } = rig();
    screen.draw(["a", "b"]);
    screen.draw(["a", "c"]);
    expect(stream.writes).toHaveLength(2);
    for (const write of stream.writes) {
      // Two cells that join a line to the one above are all that ever wraps.
      const text = write.replaceAll("\u001b[?7h  \u001b[?7l", "");
      expect(text.match(/\?(?:2026|7)[hl]/g)).toEqual(["?2026h", "?7l", "?7h", "?2026l"]);
      expect(text.startsWith("\u001b[?2026h")).toBe(true);
      expect(text.endsWith("\u001b[?7h\u001b[?2026l")).toBe(true);
    }
    // Drawn over, not erased first: that would flicker.
    for (const erasing of ["\u001b[J", "\u001b[2K"]) expect(stream.writes[1]).not.toContain(erasing);
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

  it("draws a frame anew that is as the one before when the window changed, be it back to its size", () => {
    const { stream, screen } = rig();
    screen.draw(["a"]);
    screen.unsettle();
    screen.draw(["a"]);
    expect(stream.writes).toHaveLength(2);
    expect(stream.writes[1]).toContain("\u001b[J");
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

  it.each([
    [{ columns: 39, rows: 30 }, false],
    [{ columns: 100, rows: 11 }, false],
    [{ columns: 40, rows: 12 }, true],
  ])("has no room in a small window of tmux for some frames after a change: %o", (size, hasRoom) => {
    const stream = new CollectedStream(size);
    const [multiplexed, other] = [{ TERM: "tmux-256color" }, {}].map((env) => new LiveScreen(stream, env));
    for (const screen of [multiplexed, other]) {
      expect(screen?.hasRoom).toBe(true);
      screen?.unsettle();
    }
    expect([multiplexed?.hasRoom, other?.hasRoom]).toEqual([hasRoom, true]);
    for (let frame = 0; frame < 5; frame += 1) multiplexed?.draw([]);
    expect(multiplexed?.hasRoom).toBe(true);
  });

  it.each([
    [{ TERM: "xterm-256color" }, false],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "vscode", VTE_VERSION: "7006" }, false],
    [{ TERM: "xterm-256color", VTE_VERSION: "7006" }, true],
    [{ TERM: "tmux-256color", TERM_PROGRAM: "tmux" }, true],
    [{ TERM: "xterm-256color", TMUX: "/tmp/tmux" }, true],
    [{ TERM: "screen" }, true],
  ])("draws on the last lines only where that keeps it out of the scrollback: %o", (env, isAtEnd) => {
    const stream = new CollectedStream({ columns: 40 });
    new LiveScreen(stream, env).draw(["a", "b"]);
    expect(stream.text.includes("\u001b[999B")).toBe(isAtEnd);
  });
});
