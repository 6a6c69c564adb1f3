import { describe, expect, test } from "vitest";
import { containerArguments } from "../../src/guard/container-arguments.ts";
import { isContainerRun, parseContainerRun } from "../../src/guard/container-run.ts";

const argv = (line: string) => {
  const [file = "", ...args] = line.split(" ");
  return { kind: "argv", file, args } as const;
};

function argumentsOf(line: string, limits: { memoryBytes?: number; cpus?: number } = {}): string {
  const run = parseContainerRun(argv(line));
  if (!run) throw new Error(`no container: ${line}`);
  return containerArguments(run, { limits, tag: "t.1", cidFile: "/c" }).join(" ");
}

const both = { memoryBytes: 1000, cpus: 0.5 };
const known = "--label netra-apex.process=t.1 --cidfile /c";

describe("a command", () => {
  test.each([
    "docker run image",
    "/usr/local/bin/docker run image",
    "docker.exe run image",
    "podman run image",
    "docker container run image",
    "docker -H unix:///s --tls --context other run image",
    "docker -D run image",
    "podman --remote --root /r run image",
  ])("runs a container: %s", (line) => {
    expect(isContainerRun(argv(line))).toBe(true);
  });

  test.each([
    "docker compose run service",
    "docker compose -f run up",
    "docker build run",
    "docker exec run sh",
    "docker -H run ps",
    "docker",
    "docker container ls run",
    "docker-compose run service",
    "npm run docker",
  ])("runs none: %s", (line) => {
    expect(isContainerRun(argv(line))).toBe(false);
  });

  test("of a shell is not looked into", () => {
    expect(isContainerRun({ kind: "shell", script: "docker run image" })).toBe(false);
  });
});

describe("the arguments of a container", () => {
  test("get limits, label and a file for the id, before those of the user", () => {
    expect(argumentsOf("docker run -it image npm test", both)).toBe(
      `run --memory 1000 --memory-swap 1000 --cpus 0.5 ${known} -it image npm test`,
    );
    expect(argumentsOf("docker --context far container run image")).toBe(`--context far container run ${known} image`);
  });

  test.each([
    ["--memory 1g", "--cpus 0.5"],
    ["--memory=1g", "--cpus 0.5"],
    ["-m 1g", "--cpus 0.5"],
    ["-m=1g", "--cpus 0.5"],
    ["-m1g", "--cpus 0.5"],
    ["-itm 1g", "--cpus 0.5"],
    ["--rmi --memory 1g", "--cpus 0.5"],
    ["--name web -e A=b --memory 1g", "--cpus 0.5"],
    ["--memory-swap -1", "--memory 1000 --cpus 0.5"],
    ["--cpus 2", "--memory 1000 --memory-swap 1000"],
    ["--cpus=2", "--memory 1000 --memory-swap 1000"],
    ["--cpu-quota 50000", "--memory 1000 --memory-swap 1000"],
    ["--cpu-period 20000", "--memory 1000 --memory-swap 1000 --cpu-quota 10000"],
    ["-m 1g --cpus 2", ""],
  ])("leave what the user limits: %s", (own, added) => {
    expect(argumentsOf(`docker run ${own} image`, both)).toBe(
      ["run", added, known, own, "image"].filter((words) => words !== "").join(" "),
    );
  });

  test.each([
    ["a value that looks like a flag", "-e --memory image"],
    ["a name that looks like a flag", "--name=--memory image"],
    ["what runs inside", "image stress --memory 1g --cpus 4 -m 5 --cidfile x"],
    ["what runs inside, after a switch", "--init image stress --memory 1g"],
    ["what runs inside, after letters", "-dit image stress -m 1g"],
    ["what runs inside, after a value in the same word", "-eit image -m 1g"],
    ["what runs inside, after --", "-- image --memory 1g"],
    ["a name of its own", "-h --cpus --name web --network none image"],
  ])("do not take %s for a limit", (_, words) => {
    expect(argumentsOf(`docker run ${words}`, both)).toBe(
      `run --memory 1000 --memory-swap 1000 --cpus 0.5 ${known} ${words}`,
    );
  });

  test.each(["--rm", "--rm=true", "--rm --init"])("lose --rm where there is a limit: %s", (words) => {
    expect(argumentsOf(`docker run ${words} image --rm`, { memoryBytes: 1000 })).toBe(
      `run --memory 1000 --memory-swap 1000 ${known}${words.includes("--init") ? " --init" : ""} image --rm`,
    );
    expect(argumentsOf(`docker run ${words} image --rm`)).toBe(`run ${known} ${words} image --rm`);
  });

  test("keep the user's file for the id", () => {
    expect(argumentsOf("docker run --cidfile mine image")).toBe(
      "run --label netra-apex.process=t.1 --cidfile mine image",
    );
  });

  test("never ask for more CPUs than there are, which engines refuse, nor for less than they take", () => {
    expect(Number(argumentsOf("docker run image", { cpus: 10_000 }).split(" ")[2])).toBeLessThan(10_000);
    expect(argumentsOf("docker run image", { cpus: 0.001 })).toContain("--cpus 0.01 ");
  });
});
