import type { Locator } from '@playwright/test';

/** Unreadable text: truncated without a title, or overlapping other text. */
export interface Unreadable {
  readonly cut: readonly string[];
  readonly overlapping: readonly string[];
}

/**
 * Measures all text in the panel that is not scrolled out of sight. Titles need a pointer, so they make up
 * for cut text only in views where the details of the selected row repeat it.
 */
export function findUnreadable(panel: Locator, areTitlesEnough = true): Promise<Unreadable> {
  return panel.evaluate((element, canBeTitled) => {
    interface Box {
      left: number;
      top: number;
      right: number;
      bottom: number;
    }
    interface Text {
      readonly words: string;
      readonly parent: Element;
      readonly box: Box;
    }
    const slackPx = 1.5;

    const intersect = (a: Box, b: Box): Box => ({
      left: Math.max(a.left, b.left),
      top: Math.max(a.top, b.top),
      right: Math.min(a.right, b.right),
      bottom: Math.min(a.bottom, b.bottom),
    });
    const isEmpty = ({ left, top, right, bottom }: Box) => right - left <= slackPx || bottom - top <= slackPx;
    const isWithin = (inner: Box, outer: Box) =>
      inner.left >= outer.left - slackPx &&
      inner.top >= outer.top - slackPx &&
      inner.right <= outer.right + slackPx &&
      inner.bottom <= outer.bottom + slackPx;

    /** The ancestors in the panel, the nearest first. */
    function ancestorsOf(inner: Element): Element[] {
      const all: Element[] = [];
      for (let at: Element | null = inner; at; at = at === element ? null : at.parentElement) all.push(at);
      return all;
    }

    function clips(ancestor: Element): boolean {
      const { overflowX, overflowY, contain } = getComputedStyle(ancestor);
      return (
        [overflowX, overflowY].some((value) => value !== 'visible') || /strict|content|paint/.test(contain)
      );
    }
    const scrolls = (ancestor: Element) => {
      const { overflowX, overflowY } = getComputedStyle(ancestor);
      return {
        x: /auto|scroll/.test(overflowX) && ancestor.scrollWidth > ancestor.clientWidth,
        y: /auto|scroll/.test(overflowY) && ancestor.scrollHeight > ancestor.clientHeight,
      };
    };

    const texts: Text[] = [];
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      const words = node.textContent?.trim() ?? '';
      if (!parent || words === '' || !parent.checkVisibility() || parent.closest('.hidden, title, option'))
        continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) texts.push({ words, parent, box });
    }

    const cut = new Set<string>();
    const shown: Text[] = [];
    for (const { words, parent, box } of texts) {
      let visible: Box = box;
      // Content that overflows a scroll container can be scrolled into view in that direction.
      const canScroll = { x: false, y: false };
      let isCut = false;
      for (const ancestor of ancestorsOf(parent)) {
        if (!clips(ancestor)) continue;
        const frame = ancestor.getBoundingClientRect();
        const can = scrolls(ancestor);
        canScroll.x ||= can.x;
        canScroll.y ||= can.y;
        const reachable: Box = {
          // Content before the start of a container cannot be scrolled to.
          left: can.x ? frame.left - ancestor.scrollLeft : canScroll.x ? -Infinity : frame.left,
          right: canScroll.x ? Infinity : frame.right,
          top: can.y ? frame.top - ancestor.scrollTop : canScroll.y ? -Infinity : frame.top,
          bottom: canScroll.y ? Infinity : frame.bottom,
        };
        if (!isWithin(box, reachable)) isCut = true;
        visible = intersect(visible, frame);
      }
      // The panel titles `.cut` text itself. Nothing in its header may need that.
      const isTitled =
        canBeTitled &&
        !parent.closest('.head') &&
        ancestorsOf(parent).some((ancestor) => ancestor.matches('[title], .cut'));
      if (isCut && !isTitled) cut.add(`${words.slice(0, 60)} (${parent.className.toString()})`);
      if (!isEmpty(visible)) shown.push({ words, parent, box: visible });
    }

    const isSticky = (inner: Element) =>
      ancestorsOf(inner).some((ancestor) => getComputedStyle(ancestor).position === 'sticky');
    const still = shown.filter(({ parent }) => !isSticky(parent));
    const overlapping = new Set<string>();
    for (const [index, one] of still.entries()) {
      for (const other of still.slice(index + 1)) {
        if (one.parent === other.parent && one.words === other.words) continue;
        if (isEmpty(intersect(one.box, other.box))) continue;
        overlapping.add(`${one.words.slice(0, 40)} | ${other.words.slice(0, 40)}`);
      }
    }
    return { cut: [...cut], overlapping: [...overlapping] };
  }, areTitlesEnough);
}
