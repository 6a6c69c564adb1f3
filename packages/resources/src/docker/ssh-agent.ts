import { spawn } from "node:child_process";
import http from "node:http";
import { Duplex } from "node:stream";

/**
 * Connections to an engine of another machine, as the docker CLI makes them: through the user's own `ssh`, which knows the
 * machine's keys and the user's settings.
 */
export function sshAgent({ username, hostname, port }: URL): http.Agent {
  const who = username === "" ? [] : ["-l", decodeURIComponent(username)];
  const where = port === "" ? [] : ["-p", port];
  const args = ["-o", "BatchMode=yes", "-T", ...who, ...where, "--", hostname, "docker", "system", "dial-stdio"];
  const agent = new http.Agent();
  agent.createConnection = () => {
    const ssh = spawn("ssh", args, { stdio: ["pipe", "pipe", "pipe"] });
    const duplex = Duplex.from({ writable: ssh.stdin, readable: ssh.stdout });
    let complaint = "";
    ssh.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-1_000);
    });
    ssh.once("error", (error) => duplex.destroy(error));
    ssh.once("close", (exitCode) => {
      if (exitCode !== 0) duplex.destroy(new Error(complaint.trim() || `ssh ended with exit code ${exitCode}`));
    });
    duplex.once("close", () => ssh.kill());
    return duplex;
  };
  return agent;
}
