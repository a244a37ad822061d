import { startIn, tagName } from './devtools-element.ts';
import type { DevtoolsOptions } from './devtools-options.ts';

/**
 * Shows the devtools in this page, as a corner button until the user opens them. Throws if the devtools are already
 * mounted, by this function or by the element. Does nothing on a server.
 */
export function mountDevtools(options: DevtoolsOptions = {}): { unmount(): void } {
  if (typeof document === 'undefined') return { unmount: () => {} };
  if (document.querySelector(tagName)) {
    throw new Error(
      'The devtools are already mounted in this page. Unmount them before you mount them again.',
    );
  }
  const host = document.createElement(tagName);
  const stop = startIn(host, options);
  // Outside the body: an app that replaces its body's content must not remove the panel.
  document.documentElement.append(host);
  return {
    unmount() {
      stop();
      host.remove();
    },
  };
}
