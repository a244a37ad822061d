/** Call it in a script of npm, which forwards signals only to its shell; that exits without forwarding them. */
export function endWithParent() {
  const parent = process.ppid;
  const interval = setInterval(() => {
    if (process.ppid === parent) return;
    // Only once: a second signal would end the process before the relay is closed.
    clearInterval(interval);
    process.kill(process.pid, 'SIGTERM');
  }, 500).unref();
}
