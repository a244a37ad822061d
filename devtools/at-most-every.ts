/** Passes on the first value immediately, then the latest value at most once per interval. */
export function atMostEvery<Value>(
  everyMs: number,
  show: (value: Value) => void,
): { push(value: Value): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting: { readonly value: Value } | undefined;

  function push(value: Value): void {
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
    push,
    stop() {
      clearTimeout(timer);
      waiting = undefined;
    },
  };
}
