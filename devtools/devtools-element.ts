import type { InspectorTarget } from '../src/inspect/target.ts';
import type { DevtoolsOptions } from './devtools-options.ts';
import { showDevtools } from './show-devtools.ts';

/** The build checks search app bundles for this name to find the devtools, so nothing else in a bundle may contain it. */
export const tagName = 'maia-devtools';

/**
 * `<maia-devtools>` shows the devtools while it is in the page. It reads its attributes when it is inserted: `open`
 * (default: as the user left it), `hotkey`, and `shadow-mode`, "open" or "closed".
 */
export interface MaiaDevtoolsElement extends HTMLElement {
  /** Set it before inserting the element. Default: the page's active session. */
  target?: InspectorTarget | undefined;
}

declare global {
  interface HTMLElementTagNameMap {
    'maia-devtools': MaiaDevtoolsElement;
  }
}

const stopByHost = new WeakMap<Element, () => void>();

/** Shows the devtools until the returned function runs or `host` leaves the page. If this throws, nothing is left behind. */
export function startIn(host: HTMLElement, options: DevtoolsOptions): () => void {
  const end = showDevtools(host, options);
  const stop = () => {
    if (stopByHost.delete(host)) end();
  };
  stopByHost.set(host, stop);
  return stop;
}

/** Does nothing outside a browser, or if another copy of this module has already defined the element. */
export function defineDevtoolsElement(): void {
  if (typeof customElements === 'undefined' || customElements.get(tagName)) return;
  customElements.define(
    tagName,
    class extends HTMLElement implements MaiaDevtoolsElement {
      target?: InspectorTarget | undefined;

      connectedCallback(): void {
        if (stopByHost.has(this)) return;
        if (document.querySelectorAll(tagName).length > 1) {
          // The browser reports this as an uncaught error, and this element stays empty.
          throw new Error(
            'The devtools are already mounted in this page. Remove one of the <maia-devtools> elements.',
          );
        }
        const { target } = this;
        const hotkey = this.getAttribute('hotkey');
        startIn(this, {
          ...(target && { target }),
          ...(this.hasAttribute('open') && { open: true }),
          ...(hotkey !== null && { hotkey }),
          shadowMode: this.getAttribute('shadow-mode') === 'closed' ? 'closed' : 'open',
        });
      }

      disconnectedCallback(): void {
        stopByHost.get(this)?.();
      }
    },
  );
}
