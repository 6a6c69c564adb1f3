"""Runs a program in a terminal of its own: what is typed comes as JSON lines on stdin, what it shows goes to stdout.

{"type": "text"} types, {"signal": "SIGCONT"} sends a signal to the program, {"resize": [columns, rows]} does that. Ends with the program's exit code, or 128 plus the
signal that ended it; the last line on stderr says whether the terminal's settings are as they were.
"""
import fcntl, json, os, pty, select, signal, struct, sys, termios

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
before = termios.tcgetattr(terminal)
typed = b""
sources = [terminal, 0]
while True:
    ready, _, _ = select.select(sources, [], [], 0.05)
    if 0 in ready:
        chunk = os.read(0, 65536)
        if not chunk:
            # The test is over, or broken off: nobody types any more.
            sources.remove(0)
            os.kill(pid, signal.SIGKILL)
        typed += chunk
        *lines, typed = typed.split(b"\n")
        for line in lines:
            order = json.loads(line)
            if "type" in order:
                os.write(terminal, order["type"].encode())
            elif "resize" in order:
                columns, rows = order["resize"]
                fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            else:
                os.kill(pid, getattr(signal, order["signal"]))
    if terminal in ready:
        try:
            shown = os.read(terminal, 65536)
        except OSError:
            shown = b""
        if shown:
            os.write(1, shown)
            continue
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        break
try:
    restored = termios.tcgetattr(terminal) == before
except termios.error:
    restored = True
sys.stderr.write("terminal restored: %s\n" % restored)
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
