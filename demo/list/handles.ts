/** What a page may do with a component that it shows. */
export interface FocusHandle {
  focus(): void;
}

export interface ItemHandle extends FocusHandle {
  element(): HTMLElement;
}
