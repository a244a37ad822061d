import { type Attachment } from 'svelte/attachments';

/** Tells whether an element stands on the screen, or soon will where the person scrolls on. */
export function whileNear(changed: (isNear: boolean) => void): Attachment<HTMLElement> {
  return (element) => {
    const observer = new IntersectionObserver(
      (entries) => changed(entries.some(({ isIntersecting }) => isIntersecting)),
      { rootMargin: '400px' },
    );
    observer.observe(element);
    return () => observer.disconnect();
  };
}
