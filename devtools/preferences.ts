/** The user's settings, kept across reloads. */
export interface Preferences {
  readonly isOpen: boolean;
  /** The panel's height when docked at the bottom, in CSS pixels. Undefined until the user resizes it. */
  readonly height: number | undefined;
  /** The edge of the page where the panel is docked. Small pages always use the bottom. */
  readonly dock: Dock;
  /** The panel's width when docked on the right. */
  readonly width: number | undefined;
  readonly view: View;
  readonly theme: Theme;
  readonly corner: Corner;
  readonly plot: PlotKind;
}
export const views = [
  ...(['unsynced', 'queues', 'peers'] as const),
  ...(['messages', 'covalue', 'lag'] as const),
  ...(['storage', 'tabs'] as const),
  'faults',
] as const;
export type View = (typeof views)[number];
export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];
const docks = ['bottom', 'right'] as const;
export type Dock = (typeof docks)[number];
const corners = ['bottom-right', 'bottom-left', 'top-right', 'top-left'] as const;
export type Corner = (typeof corners)[number];
const plots = ['messages', 'depths'] as const;
export type PlotKind = (typeof plots)[number];

const storageKey = 'maia-devtools';
const defaults: Preferences = {
  isOpen: false,
  height: undefined,
  dock: 'bottom',
  width: undefined,
  view: 'unsynced',
  theme: 'system',
  corner: 'bottom-right',
  plot: 'messages',
};

export function loadPreferences(): Preferences {
  try {
    return readPreferences(JSON.parse(localStorage.getItem(storageKey) ?? '{}'));
  } catch {
    // The browser may block storage, or the page may have written invalid data there.
    return defaults;
  }
}

export function savePreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(preferences));
  } catch {
    // Storage is blocked or full: the settings last until the page closes.
  }
}

/** Returns the valid stored values, and defaults for the rest. */
export function readPreferences(stored: unknown): Preferences {
  const { isOpen, height, dock, width, view, theme, corner, plot } = (stored ?? {}) as Readonly<
    Record<string, unknown>
  >;
  return {
    isOpen: typeof isOpen === 'boolean' ? isOpen : defaults.isOpen,
    height: typeof height === 'number' && Number.isFinite(height) ? height : defaults.height,
    dock: docks.find((known) => known === dock) ?? defaults.dock,
    width: typeof width === 'number' && Number.isFinite(width) ? width : defaults.width,
    view: views.find((known) => known === view) ?? defaults.view,
    theme: themes.find((known) => known === theme) ?? defaults.theme,
    corner: corners.find((known) => known === corner) ?? defaults.corner,
    plot: plots.find((known) => known === plot) ?? defaults.plot,
  };
}
