import { flushSync, mount, unmount } from 'svelte';
import { createDetachedWindow } from './detached/detached-window.ts';
import type { DevtoolsOptions } from './devtools-options.ts';
import Devtools from './Devtools.svelte';
import type { Doors } from './doors.ts';
import { followModals } from './frame/follow-modals.ts';
import { followInspector } from './follow-inspector.ts';
import { isEditable, isHotkey, parseHotkey } from './hotkey.ts';
import { keepInside } from './keep-inside.ts';
import { createPanelState } from './panel-state.svelte.ts';
import { loadPreferences, savePreferences } from './preferences.ts';
import { createStyleSheet } from './styles/style-sheet.ts';

/** An element keeps its shadow root for life, even if it leaves the page and returns. */
const rootByHost = new WeakMap<HTMLElement, ShadowRoot>();

/** Shows the devtools in this element, before or after its insertion. Returns a function that removes them completely. */
export function showDevtools(host: HTMLElement, options: DevtoolsOptions): () => void {
  const hotkey = parseHotkey(options.hotkey ?? 'Alt+Shift+M');
  const shadowMode = options.shadowMode ?? 'open';
  const preferences = loadPreferences();
  const panel = createPanelState(
    { ...preferences, isOpen: options.open ?? preferences.isOpen },
    savePreferences,
  );
  const stopFollowing = followInspector(options.target, panel.inspect);

  const root = rootByHost.get(host) ?? host.attachShadow({ mode: shadowMode });
  rootByHost.set(host, root);
  root.adoptedStyleSheets = [createStyleSheet(window)];

  const detached = createDetachedWindow({
    shadowMode,
    show(target) {
      const inWindow = mount(Devtools, {
        target,
        props: { panel, hotkeyText: hotkey.text, doors, place: 'window' },
      });
      flushSync();
      return () => void unmount(inWindow);
    },
    onKeydown: (event, focused) => toggle(event, focused),
    onClosed() {
      panel.setDetached(false);
      panel.close(false);
    },
  });
  const doors: Doors = {
    detach() {
      if (detached.open()) return panel.setDetached(true);
      panel.setNotice('The browser blocked the window. Allow pop-ups for this page, then try again.');
    },
    focus: () => detached.focus(),
    dock(dock) {
      panel.set({ dock });
      if (!panel.isDetached) return;
      detached.close();
      panel.setDetached(false);
    },
  };
  let shown = showIn(host, root);
  const stopFollowingModals = followModals((dialog) => {
    shown.hide();
    panel.keepFocus();
    shown = dialog ? showInDialog(dialog) : showIn(host, root);
  });
  if (detached.takeUp()) panel.setDetached(true);

  function showIn(place: HTMLElement, target: ShadowRoot): { readonly root: ShadowRoot; hide(): void } {
    const devtools = mount(Devtools, { target, props: { panel, hotkeyText: hotkey.text, doors } });
    flushSync();
    const listening = new AbortController();
    const { signal } = listening;
    keepInside(place, signal);
    target.addEventListener(
      'keydown',
      (event) => {
        // An inner popup that closes on Escape prevents the default.
        if (!(event instanceof KeyboardEvent) || event.key !== 'Escape' || event.defaultPrevented) return;
        if (!panel.preferences.isOpen) return;
        // The app's dialog around the panel stays open.
        event.preventDefault();
        close();
      },
      { signal },
    );
    return {
      root: target,
      hide() {
        listening.abort();
        void unmount(devtools);
      },
    };
  }

  /** A modal dialog makes everything outside it inert, so the panel can be used only inside the dialog. */
  function showInDialog(dialog: HTMLDialogElement): ReturnType<typeof showIn> {
    const place = document.createElement('maia-devtools-in-dialog');
    const target = place.attachShadow({ mode: shadowMode });
    target.adoptedStyleSheets = [createStyleSheet(window)];
    dialog.append(place);
    // In the top layer, the dialog's own position and overflow do not apply to it.
    place.popover = 'manual';
    if ('showPopover' in place) place.showPopover();
    const inside = showIn(place, target);
    return {
      root: target,
      hide() {
        inside.hide();
        place.remove();
      },
    };
  }

  function close(): void {
    detached.close();
    panel.setDetached(false);
    panel.close(shown.root.activeElement !== null);
  }

  function toggle(event: KeyboardEvent, focused: EventTarget | null | undefined): void {
    if (!isHotkey(event, hotkey) || isEditable(focused)) return;
    event.preventDefault();
    // Toggling may remove the focused element before other listeners run.
    event.stopPropagation();
    if (panel.preferences.isOpen) close();
    else panel.open();
  }

  const listening = new AbortController();
  const { signal } = listening;
  // Capture the event before the app's listeners, which may stop it.
  window.addEventListener(
    'keydown',
    (event) =>
      toggle(event, event.target === shown.root.host ? shown.root.activeElement : event.composedPath()[0]),
    { signal, capture: true },
  );

  return () => {
    listening.abort();
    detached.close();
    stopFollowing();
    stopFollowingModals();
    shown.hide();
    root.replaceChildren();
  };
}
