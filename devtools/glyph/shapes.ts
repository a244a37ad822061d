import type { RungState } from '../../src/inspect/rung-states.ts';

/** One segment in a box of 6 by 12. The shape alone says the state; colour repeats it. */
interface RungShape {
  readonly path: string;
  /** Width of the stroke, for shapes that are drawn and not filled. */
  readonly stroke?: number;
}

export const rungShapes: Readonly<Record<RungState, RungShape>> = {
  reached: { path: 'M1 1h4a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H1a1 1 0 0 1-1-1V2a1 1 0 0 1 1-1z' },
  waiting: {
    path: 'M1.2 1.6h3.6a.6.6 0 0 1 .6.6v7.6a.6.6 0 0 1-.6.6H1.2a.6.6 0 0 1-.6-.6V2.2a.6.6 0 0 1 .6-.6z',
    stroke: 1.2,
  },
  stuck: { path: 'M0 1h6v2.4H0zM0 4.8h6v2.4H0zM0 8.6h6V11H0z' },
  failed: { path: 'M.5 2.6 5.5 9.4M5.5 2.6.5 9.4', stroke: 2 },
  ahead: { path: 'M0 9h6v2H0z' },
  unknown: { path: 'M1 4a2 2 0 1 1 3.1 1.7c-.8.5-1.1.9-1.1 1.8M3 9v1.8', stroke: 1.4 },
};
