import type { Corner } from '../preferences.ts';

/** A shorter movement counts as a click. */
const dragsFromPx = 6;

/** Lets the user drag a button to a window corner. Storing only the corner keeps the button visible after a resize. */
export function dragToCorner(button: HTMLElement, onCorner: (corner: Corner) => void): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  let start: { readonly x: number; readonly y: number } | undefined;
  let isDragging = false;

  button.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button !== 0) return;
      start = { x: event.clientX, y: event.clientY };
      isDragging = false;
      button.setPointerCapture(event.pointerId);
    },
    { signal },
  );
  button.addEventListener(
    'pointermove',
    (event) => {
      if (!start) return;
      const x = event.clientX - start.x;
      const y = event.clientY - start.y;
      isDragging ||= Math.hypot(x, y) >= dragsFromPx;
      if (isDragging) button.style.setProperty('transform', `translate(${x}px, ${y}px)`);
    },
    { signal },
  );
  const end = (event: PointerEvent) => {
    start = undefined;
    button.style.removeProperty('transform');
    if (isDragging && event.type === 'pointerup') onCorner(nearestCorner(event.clientX, event.clientY));
  };
  button.addEventListener('pointerup', end, { signal });
  button.addEventListener('pointercancel', end, { signal });
  // The browser fires a click after a drag; suppress it.
  button.addEventListener(
    'click',
    (event) => {
      if (isDragging) event.stopImmediatePropagation();
      isDragging = false;
    },
    { signal, capture: true },
  );
  return () => listening.abort();
}

function nearestCorner(x: number, y: number): Corner {
  const side = x < window.innerWidth / 2 ? 'left' : 'right';
  return y < window.innerHeight / 2 ? `top-${side}` : `bottom-${side}`;
}
