import type { Dock } from './preferences.ts';

/** Where the panel can be shown. */
export interface Doors {
  /** Moves the panel to a separate window. */
  detach(): void;
  /** Brings the separate window to the front. */
  focus(): void;
  /** Docks the panel at this edge of the page. */
  dock(dock: Dock): void;
}
