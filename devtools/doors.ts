import type { Dock } from './preferences.ts';

/** The ways in which the panel can stand before a person. */
export interface Doors {
  /** Into a window of its own. */
  detach(): void;
  /** Brings that window to the front. */
  focus(): void;
  /** Into the page, at this edge. */
  dock(dock: Dock): void;
}
