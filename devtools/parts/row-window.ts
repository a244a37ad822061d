/** Which of many rows of equal height stand in the document: those in sight, and a few beside them. */
export interface RowWindow {
  readonly start: number;
  readonly end: number;
}

/** A window and the key of a row in it: rows that come take the elements of rows that go. */
export interface KeyedRowWindow extends RowWindow {
  keyOf(index: number): number;
}

const beside = 3;

export function rowWindow(scroll: {
  readonly top: number;
  readonly viewHeight: number;
  readonly rowHeight: number;
  readonly count: number;
  /** Scrolled further than is in sight at once: what is beside it is not worth its time. */
  readonly hasJumped?: boolean;
}): KeyedRowWindow {
  const { top, viewHeight, rowHeight, count, hasJumped = false } = scroll;
  const inSight = Math.ceil(viewHeight / rowHeight) + 1;
  // A list that has become shorter than it is scrolled shows its end, not nothing.
  const first = Math.min(Math.floor(Math.max(0, top) / rowHeight), Math.max(0, count - inSight));
  const around = hasJumped ? 0 : beside;
  const start = Math.max(0, first - around);
  const most = inSight + 2 * beside;
  return {
    start,
    end: Math.min(count, first + inSight + around),
    // Rows that stay keep their elements; where none stays, each element keeps its place.
    keyOf: hasJumped ? (index) => index - start : (index) => index % most,
  };
}

/** Where to scroll so that a row is in sight below a header of `headHeight`; undefined where it is already. */
export function scrollTopFor(
  index: number,
  scroll: {
    readonly top: number;
    readonly viewHeight: number;
    readonly rowHeight: number;
    readonly headHeight: number;
  },
): number | undefined {
  const { top, viewHeight, rowHeight, headHeight } = scroll;
  const rowTop = index * rowHeight;
  if (rowTop < top) return rowTop;
  const lowest = rowTop + rowHeight + headHeight - viewHeight;
  return lowest > top ? lowest : undefined;
}
