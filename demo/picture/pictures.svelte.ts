import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { type Edits } from '../list/edits.svelte.ts';
import { refusedEdit } from '../list/refused-edit.ts';
import { type ItemView } from '../model/list-view.ts';
import { type UndoOffer } from '../ui/undo.svelte.ts';
import { pickFile } from './pick-file.ts';
import { pictureFailure, onlyOnePicture, pictureProblem, type PictureProblem } from './picture-problem.ts';
import { shrinkPicture } from './shrink-picture.ts';

/**
 * Adds, replaces and removes pictures, and reports progress and problems by `id`: the item's ID, or the list's ID for a
 * picture that becomes a new item.
 */
export interface Pictures {
  isAdding(id: string): boolean;
  /** Why the last picture was not added, until the user dismisses it or tries another. */
  problem(id: string): PictureProblem | undefined;
  putAside(id: string): void;
  /** Opens the file picker, which requires user activation. */
  choose(item: ItemView): Promise<void>;
  /** Adds or replaces the item's picture. Does nothing while another is being added. */
  put(item: ItemView, files: readonly File[]): Promise<void>;
  /** Like `putNew`, with the file picker, which requires user activation. */
  chooseForNew(words: string): Promise<boolean>;
  /** Adds a new item with a picture. Resolves to false if none was added. */
  putNew(words: string, files: readonly File[]): Promise<boolean>;
  remove(item: ItemView): void;
  /** The last change, for screen readers. */
  readonly announcement: string;
}

export function createPictures(listID: string, edits: Edits, undo: UndoOffer): Pictures {
  const adding = new SvelteSet<string>();
  const problems = new SvelteMap<string, PictureProblem>();
  let announcement = $state('');

  return {
    isAdding: (id) => adding.has(id),
    problem: (id) => problems.get(id),
    putAside: (id) => void problems.delete(id),
    async choose(item) {
      await put(item, await pickFile(pictures));
    },
    put,
    async chooseForNew(words) {
      return putNew(words, await pickFile(pictures));
    },
    putNew,
    remove({ id, text }) {
      const removed = edits.make((editor) => editor.removePicture(id));
      if (!removed) return;
      offerUndo('removed', removed.result);
      announcement = `The picture of “${text}” was removed.`;
    },
    get announcement() {
      return announcement;
    },
  };

  async function put(item: ItemView, files: readonly File[]): Promise<void> {
    await add(item.id, item.text, files, async (picture) => {
      const takeBack = await edits.run((editor) => editor.putPicture(item.id, picture));
      if (item.picture) offerUndo('replaced', takeBack);
    });
  }

  async function putNew(words: string, files: readonly File[]): Promise<boolean> {
    const text = words === '' ? 'Picture' : words;
    return add(listID, text, files, async (picture) => {
      const itemID = edits.run((editor) => editor.addItem(listID, text));
      try {
        await edits.run((editor) => editor.putPicture(itemID, picture));
      } catch (error) {
        edits.run((editor) => editor.removeItem(listID, itemID));
        throw error;
      }
    });
  }

  /** Resolves to true if the picture was added. */
  async function add(
    id: string,
    text: string,
    files: readonly File[],
    write: (picture: Blob) => Promise<void>,
  ): Promise<boolean> {
    const [file] = files;
    if (!file || adding.has(id)) return false;
    problems.delete(id);
    adding.add(id);
    announcement = '';
    const problem = files.length > 1 ? onlyOnePicture : await problemOf(file, write);
    adding.delete(id);
    if (problem) problems.set(id, problem);
    else announcement = `“${text}” now has a picture.`;
    return !problem;
  }

  async function problemOf(file: File, write: (picture: Blob) => Promise<void>) {
    try {
      const shrunk = await shrinkPicture(file);
      if (shrunk.kind === 'refused') return pictureProblem(file, shrunk.why);
      await write(shrunk.blob);
      return undefined;
    } catch (error) {
      return pictureFailure(refusedEdit(error));
    }
  }

  function offerUndo(done: string, takeBack: () => void) {
    undo.offer({ text: `Picture ${done}`, byKey: true, undo: () => edits.make(takeBack) });
  }
}

const pictures = 'image/*';
