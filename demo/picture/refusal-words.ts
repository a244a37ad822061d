import { bytesWords } from '../ui/format-bytes.ts';
import { largestFileBytes, type Refusal } from './shrink-picture.ts';

export interface PictureProblem {
  readonly title: string;
  /** What to do. */
  readonly text: string;
}

const unchanged = 'Nothing was changed.';

/** Why a file did not become a picture. `name` is empty where it was copied from somewhere. */
export function refusalWords({ name, size }: Pick<File, 'name' | 'size'>, why: Refusal): PictureProblem {
  const what = name === '' ? 'What was copied' : `“${name}”`;
  switch (why) {
    case 'too-large':
      return {
        title: `${what} is too large`,
        text: `It has ${bytesWords(size)}, and a picture may have ${bytesWords(largestFileBytes)}. ${unchanged}`,
      };
    case 'no-picture':
      return {
        title: `${what} is not a picture`,
        text: `Choose a photo or a drawing, such as a JPEG or a PNG. ${unchanged}`,
      };
    case 'unreadable':
      return {
        title: `This browser cannot open ${name === '' ? 'what was copied' : what}`,
        text: `The file may be damaged, or of a kind it does not know. Save it as JPEG or PNG and choose that. ${unchanged}`,
      };
  }
}

export const onlyOneWords: PictureProblem = {
  title: 'An item has one picture',
  text: `Choose one file for it. ${unchanged}`,
};

export function failureWords(message: string): PictureProblem {
  return { title: 'The picture was not added', text: `${message} ${unchanged}` };
}
