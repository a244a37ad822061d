import type { InspectorTarget } from '../src/inspect/inspected.ts';
import type { DevtoolsOptions } from './mount-devtools.ts';
import { showDevtools } from './show-devtools.ts';

/** Also how to tell that a production build has no devtools in it: the name stands nowhere else. */
export const tagName = 'maia-devtools';

/**
 * `<maia-devtools>`: mounted while it stands in the page. Its attributes are read when it gets there: `open` (without it, as
 * it was left), `hotkey`, and `shadow-mode`, "open" or "closed".
 */
export interface MaiaDevtoolsElement extends HTMLElement {
  /** Set it before the element is put into the page. Default: the session that is active in the page. */
  target?: InspectorTarget | undefined;
}

declare global {
  interface HTMLElementTagNameMap {
    'maia-devtools': MaiaDevtoolsElement;
  }
}

/** What stands in a page, by the element that shows it. */
const stopByHost = new WeakMap<Element, () => void>();

/** Throws what `showDevtools` throws, and leaves nothing. Whatever takes the element out of the page ends it, too. */
export function startIn(host: HTMLElement, options: DevtoolsOptions): () => void {
  const end = showDevtools(host, options);
  const stop = () => {
    if (stopByHost.delete(host)) end();
  };
  stopByHost.set(host, stop);
  return stop;
}

/** On import, in a browser. Of two copies of this code in a page, the first one's element counts. */
export function defineDevtoolsElement(): void {
  if (typeof customElements === 'undefined' || customElements.get(tagName)) return;
  customElements.define(
    tagName,
    class extends HTMLElement implements MaiaDevtoolsElement {
      target?: InspectorTarget | undefined;

      connectedCallback(): void {
        if (stopByHost.has(this)) return;
        if (document.querySelectorAll(tagName).length > 1) {
          // Nobody calls this: it is reported as an uncaught error, and this element stays empty.
          throw new Error('The devtools stand in this page already. Remove one of the two <maia-devtools>.');
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
