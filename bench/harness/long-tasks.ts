const longMs = 50;

/**
 * Watches the page's main thread. The returned function stops that and returns the longest task: browsers
 * report only tasks above 50 ms, so 50 means none.
 */
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
