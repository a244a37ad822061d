/** Hands on the newest value: the first at once, and then one at most every so many milliseconds. */
export function atMostEvery<Value>(
  everyMs: number,
  show: (value: Value) => void,
): { tell(value: Value): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting: { readonly value: Value } | undefined;

  function tell(value: Value): void {
    waiting = { value };
    if (timer === undefined) showNewest();
  }

  function showNewest(): void {
    timer = undefined;
    if (!waiting) return;
    const { value } = waiting;
    waiting = undefined;
    timer = setTimeout(showNewest, everyMs);
    show(value);
  }

  return {
    tell,
    stop() {
      clearTimeout(timer);
      waiting = undefined;
    },
  };
}
