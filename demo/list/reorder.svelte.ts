/** Reordering by pointer: the item follows the pointer, the others make room, and dropping writes once. */
export interface Reorder {
  readonly draggedID: string | undefined;
  /** The row's offset during a drag, in CSS pixels. */
  shiftOf(id: string): number;
  start(event: PointerEvent, id: string): void;
}

interface Drag {
  readonly id: string;
  readonly pointerID: number;
  readonly startY: number;
  readonly rows: readonly { readonly id: string; readonly middle: number }[];
  readonly height: number;
  readonly from: number;
}

/** `rowsOf` returns the current rows in order. */
export function createReorder(
  rowsOf: () => readonly { readonly id: string; readonly element: HTMLElement }[],
  move: (id: string, toIndex: number) => void,
): Reorder {
  let drag = $state.raw<Drag>();
  let y = $state(0);

  const by = $derived(drag ? y - drag.startY : 0);
  const to = $derived(drag ? targetIndex(drag, by) : 0);

  return {
    get draggedID() {
      return drag?.id;
    },
    shiftOf(id) {
      if (!drag) return 0;
      if (id === drag.id) return by;
      const index = drag.rows.findIndex((row) => row.id === id);
      if (index > drag.from && index <= to) return -drag.height;
      return index < drag.from && index >= to ? drag.height : 0;
    },
    start(event, id) {
      if (event.button !== 0 || !(event.currentTarget instanceof HTMLElement)) return;
      const rows = rowsOf().map((row) => ({ id: row.id, box: row.element.getBoundingClientRect() }));
      const from = rows.findIndex((row) => row.id === id);
      const dragged = rows[from];
      if (!dragged) return;
      drag = {
        id,
        pointerID: event.pointerId,
        startY: event.clientY,
        rows: rows.map(({ id, box }) => ({ id, middle: box.top + box.height / 2 })),
        height: dragged.box.height,
        from,
      };
      y = event.clientY;
      follow(event.currentTarget);
      event.preventDefault();
    },
  };

  function follow(grip: HTMLElement) {
    const end = new AbortController();
    const { signal } = end;
    const stop = (isKept: boolean) => {
      end.abort();
      if (drag && isKept && to !== drag.from) move(drag.id, to);
      drag = undefined;
    };
    if (drag) grip.setPointerCapture(drag.pointerID);
    grip.addEventListener('pointermove', (event) => (y = event.clientY), { signal });
    grip.addEventListener('pointerup', () => stop(true), { signal });
    grip.addEventListener('pointercancel', () => stop(false), { signal });
    addEventListener('keydown', (event) => event.key === 'Escape' && stop(false), { signal });
  }
}

function targetIndex(drag: Drag, by: number): number {
  const middle = (drag.rows[drag.from]?.middle ?? 0) + by;
  const others = drag.rows.filter((_, index) => index !== drag.from);
  return others.filter((row) => row.middle < middle).length;
}
