import type { InspectorTarget } from '../src/inspect/inspected.ts';
import { startIn, tagName } from './devtools-element.ts';

export interface DevtoolsOptions {
  /** Default: the session that is active in the page, whichever it is. */
  readonly target?: InspectorTarget;
  /** Default: as it was left. */
  readonly open?: boolean;
  /** Default "Alt+Shift+M". */
  readonly hotkey?: string;
  /** 'closed' keeps the panel's text out of the reach of the page's own tests and scripts. Default 'open'. */
  readonly shadowMode?: 'open' | 'closed';
}

/**
 * Shows the devtools in this page, as a button in a corner until they are opened. Throws where they are mounted already,
 * also by the element. Does nothing on a server.
 */
export function mountDevtools(options: DevtoolsOptions = {}): { unmount(): void } {
  if (typeof document === 'undefined') return { unmount: () => {} };
  if (document.querySelector(tagName)) {
    throw new Error('The devtools are mounted in this page already. Unmount them first, or mount them once.');
  }
  const host = document.createElement(tagName);
  const stop = startIn(host, options);
  // Beside the body, so that an app that replaces its body's content does not take the panel with it.
  document.documentElement.append(host);
  return {
    unmount() {
      stop();
      host.remove();
    },
  };
}
