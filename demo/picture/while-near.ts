import { type Attachment } from 'svelte/attachments';

/** Reports whether an element is in the viewport or within 400 px of it. */
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
