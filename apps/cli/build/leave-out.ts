import type { Plugin } from "esbuild";

/**
 * Puts something in place of packages that others load and that the program never uses. Loading them does nothing; using them
 * all the same throws an error that names the package.
 */
export function leaveOut(names: readonly string[]): Plugin {
  return {
    name: "leave-out",
    setup(build) {
      const words = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
      build.onResolve({ filter: new RegExp(`^(?:${words.join("|")})$`) }, ({ path }) => ({
        path,
        namespace: "left-out",
      }));
      build.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({
        contents: textInPlaceOf(path),
        loader: "js",
      }));
    },
  };
}

function textInPlaceOf(name: string): string {
  const message = JSON.stringify(`${name} is left out of this program`);
  return `const leftOut = () => { throw new Error(${message}); };
module.exports = new Proxy(leftOut, { get: (target, key) => (key === "__esModule" ? undefined : leftOut), construct: leftOut });\n`;
}

/**
 * What dockerode loads at once for things that nobody here does: to build images (gRPC, tar), and to reach engines by a client
 * of ssh of its own, with its native parts, where the user's own ssh is used.
 */
export const unusedByDockerode: readonly string[] = [
  "@balena/dockerignore",
  "@grpc/grpc-js",
  "@grpc/proto-loader",
  "protobufjs",
  "ssh2",
  "tar-fs",
];
