/** The range of rows in the document: the visible ones and a few around them. */
export interface RowWindow {
  readonly start: number;
  readonly end: number;
}

/** A window with keys that let new rows reuse the elements of rows that leave. */
export interface KeyedRowWindow extends RowWindow {
  keyOf(index: number): number;
}

const beside = 3;

export function rowWindow(scroll: {
  readonly top: number;
  readonly viewHeight: number;
  readonly rowHeight: number;
  readonly count: number;
  /** After a scroll of more than one screen, skip the rows around the visible ones to save time. */
  readonly hasJumped?: boolean;
}): KeyedRowWindow {
  const { top, viewHeight, rowHeight, count, hasJumped = false } = scroll;
  const inSight = Math.ceil(viewHeight / rowHeight) + 1;
  // If the list is now shorter than the scroll position, show its end.
  const first = Math.min(Math.floor(Math.max(0, top) / rowHeight), Math.max(0, count - inSight));
  const around = hasJumped ? 0 : beside;
  const start = Math.max(0, first - around);
  const most = inSight + 2 * beside;
  return {
    start,
    end: Math.min(count, first + inSight + around),
    // Rows that stay keep their elements. After a jump none stays, so each element keeps its position.
    keyOf: hasJumped ? (index) => index - start : (index) => index % most,
  };
}

/** The scroll position that reveals a row below a header of `headHeight`. Undefined if the row is already visible. */
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
