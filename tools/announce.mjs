const stillWorkingMs = 30_000;

/**
 * Says on stderr what is being done while it is done, in one line: `label … 3.1 s`. Work that ends at once is not
 * mentioned; work that takes long says now and then that it is alive.
 *
 * @template Result
 * @param {string} label
 * @param {(told: (text: string) => void) => Promise<Result>} work is handed a function that takes its output
 * @param {{ afterMs?: number, stream?: { write(text: string): unknown } }} options
 *   `afterMs`: say nothing before, 0 to say it in any case
 * @returns {Promise<Result>}
 */
export async function announce(label, work, { afterMs = 0, stream = process.stderr } = {}) {
  const startedAt = performance.now();
  let isSaid = false;
  let lastLine = "";
  const say = () => {
    isSaid = true;
    stream.write(`${label} …`);
  };
  const timer = afterMs > 0 ? setTimeout(say, afterMs) : undefined;
  if (!timer) say();
  const alive = setInterval(() => {
    stream.write(`\n  still working, ${seconds(startedAt)}${lastLine && `: ${lastLine}`}`);
  }, stillWorkingMs);
  try {
    const result = await work((text) => {
      lastLine = lastLineOf(text) ?? lastLine;
    });
    if (isSaid) stream.write(` ${seconds(startedAt)}\n`);
    return result;
  } catch (error) {
    if (!isSaid) say();
    stream.write(` failed after ${seconds(startedAt)}\n`);
    throw error;
  } finally {
    clearTimeout(timer);
    clearInterval(alive);
  }
}

function seconds(startedAt) {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

function lastLineOf(text) {
  return text
    .split(/[\r\n]/)
    .map((line) => line.trim())
    .findLast((line) => line !== "")
    ?.slice(0, 100);
}
