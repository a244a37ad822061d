import { flushSync, mount, unmount } from 'svelte';
import type { InspectorTarget } from '../src/inspect/create-inspector.ts';
import Devtools from './Devtools.svelte';
import { followInspector } from './follow-inspector.ts';
import { isEditable, isHotkey, parseHotkey } from './hotkey.ts';
import { keepInside } from './keep-inside.ts';
import { createPanelState } from './panel-state.svelte.ts';
import { loadPreferences, savePreferences } from './preferences.ts';
import { createStyleSheet } from './styles/style-sheet.ts';

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

/** Also how to tell that a production build has no devtools in it: the name stands nowhere else. */
const tagName = 'maia-devtools';

/**
 * Shows the devtools in this page, as a button in a corner until they are opened. Throws where they are mounted already.
 * Does nothing on a server.
 */
export function mountDevtools(options: DevtoolsOptions = {}): { unmount(): void } {
  if (typeof document === 'undefined') return { unmount: () => {} };
  if (document.querySelector(tagName)) {
    throw new Error('The devtools are mounted in this page already. Unmount them first, or mount them once.');
  }
  const hotkey = parseHotkey(options.hotkey ?? 'Alt+Shift+M');
  const preferences = loadPreferences();
  const panel = createPanelState(
    { ...preferences, isOpen: options.open ?? preferences.isOpen },
    savePreferences,
  );
  const stopFollowing = followInspector(options.target, panel.inspect);

  const host = document.createElement(tagName);
  const root = host.attachShadow({ mode: options.shadowMode ?? 'open' });
  root.adoptedStyleSheets = [createStyleSheet()];
  // Beside the body, so that an app that replaces its body's content does not take the panel with it.
  document.documentElement.append(host);
  const devtools = mount(Devtools, { target: root, props: { panel, hotkeyWords: hotkey.words } });
  flushSync();

  const listening = new AbortController();
  const { signal } = listening;
  const close = () => panel.close(root.activeElement !== null);
  keepInside(host, signal);
  root.addEventListener(
    'keydown',
    (event) => {
      if (event instanceof KeyboardEvent && event.key === 'Escape' && panel.preferences.isOpen) close();
    },
    { signal },
  );
  // Before the app's own listeners, which may stop the event.
  window.addEventListener(
    'keydown',
    (event) => {
      const focused = event.target === host ? root.activeElement : event.composedPath()[0];
      if (!isHotkey(event, hotkey) || isEditable(focused)) return;
      event.preventDefault();
      // Handled: what the focus stands on may be gone a moment later.
      event.stopPropagation();
      if (panel.preferences.isOpen) close();
      else panel.open();
    },
    { signal, capture: true },
  );

  let isMounted = true;
  return {
    unmount() {
      if (!isMounted) return;
      isMounted = false;
      listening.abort();
      stopFollowing();
      void unmount(devtools);
      host.remove();
    },
  };
}
