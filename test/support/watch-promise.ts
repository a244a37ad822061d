/** Shows whether the promise is fulfilled. If it rejects, so does `settled`. */
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
