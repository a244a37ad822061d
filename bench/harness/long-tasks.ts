const longMs = 50;

/** Watches the page's main thread. What it returns ends that, and answers the longest task: a browser tells only of those above 50 ms, and 50 stands for none. */
export function watchLongTasks(): () => number {
  const longTasks: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasks.push(duration);
  });
  observer.observe({ type: 'longtask' });
  return () => {
    observer.disconnect();
    return Math.max(longMs, ...longTasks);
  };
}
