export interface FocusHandle {
  focus(): void;
}

export interface ComposerHandle extends FocusHandle {
  /** Without files, asks the user to choose one. */
  addPicture(files?: readonly File[]): Promise<void>;
}

export interface ItemHandle extends FocusHandle {
  element(): HTMLElement;
}
