/** For what has to wait: whether it is settled by now. */
export function watchPromise(work: Promise<unknown>): {
  readonly isSettled: boolean;
  readonly settled: Promise<void>;
} {
  let isSettled = false;
  return {
    get isSettled() {
      return isSettled;
    },
    settled: work.then(() => {
      isSettled = true;
    }),
  };
}
