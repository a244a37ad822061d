/** What a page may do with a component that it shows. */
export interface FocusHandle {
  focus(): void;
}

export interface ComposerHandle extends FocusHandle {
  /** Without files the person is to choose. */
  addPicture(files?: readonly File[]): Promise<void>;
}

export interface ItemHandle extends FocusHandle {
  element(): HTMLElement;
}
