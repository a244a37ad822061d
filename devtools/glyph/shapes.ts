import type { RungState } from '../../src/inspect/unsynced/rung-states.ts';

/** One segment, 6 by 12. Its shape alone identifies the state; the colour repeats it. */
interface RungShape {
  /** The path with its left edge at x. */
  path(x: number): string;
  /** The stroke width of outlined shapes. */
  readonly stroke?: number;
}

export const rungShapes: Readonly<Record<RungState, RungShape>> = {
  reached: {
    path: (x) => `M${x + 1} 1h4a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-4a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1z`,
  },
  waiting: {
    path: (x) =>
      `M${x + 1.2} 1.6h3.6a.6.6 0 0 1 .6.6v7.6a.6.6 0 0 1-.6.6h-3.6a.6.6 0 0 1-.6-.6v-7.6a.6.6 0 0 1 .6-.6z`,
    stroke: 1.2,
  },
  stuck: { path: (x) => `M${x} 1h6v2.4h-6zM${x} 4.8h6v2.4h-6zM${x} 8.6h6v2.4h-6z` },
  failed: { path: (x) => `M${x + 0.5} 2.6l5 6.8M${x + 5.5} 2.6l-5 6.8`, stroke: 2 },
  ahead: { path: (x) => `M${x} 9h6v2h-6z` },
  unknown: {
    path: (x) => `M${x + 1} 4a2 2 0 1 1 3.1 1.7c-.8.5-1.1.9-1.1 1.8M${x + 3} 9v1.8`,
    stroke: 1.4,
  },
};
