import { onTestFinished } from 'vitest';
import { mountDevtools, type DevtoolsOptions } from './index.ts';

/** Mounts the devtools with an open shadow root until the test ends. */
export function mountOpenly(options: DevtoolsOptions): { readonly root: ShadowRoot; unmount(): void } {
  const devtools = mountDevtools(options);
  onTestFinished(() => devtools.unmount());
  const root = host()?.shadowRoot;
  if (!root) throw new Error('the devtools are mounted with an open shadow root');
  return { root, unmount: () => devtools.unmount() };
}

export function host(): Element | null {
  return document.querySelector('maia-devtools');
}

export function isOpen(root: ShadowRoot): boolean {
  return root.querySelector('.panel') !== null;
}

/** Finds an element by selector and label or text. Throws if there is none. */
export function the(root: ShadowRoot, selector: string, words = ''): HTMLElement {
  const found = [...root.querySelectorAll<HTMLElement>(selector)].find((element) =>
    `${element.getAttribute('aria-label') ?? ''} ${element.textContent}`.includes(words),
  );
  if (!found) throw new Error(`There is no ${selector} “${words}” in ${root.textContent}`);
  return found;
}
