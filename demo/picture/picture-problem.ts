import { formatBytes } from '../ui/format-bytes.ts';
import { largestFileBytes, type Refusal } from './shrink-picture.ts';

export interface PictureProblem {
  readonly title: string;
  /** The explanation and advice. */
  readonly text: string;
}

const unchanged = 'Nothing was changed.';

/** Explains why a file was refused. `name` is empty for pasted files. */
export function pictureProblem({ name, size }: Pick<File, 'name' | 'size'>, why: Refusal): PictureProblem {
  const what = name === '' ? 'The pasted file' : `“${name}”`;
  switch (why) {
    case 'too-large':
      return {
        title: `${what} is too large`,
        text: `It is ${formatBytes(size)}; the limit is ${formatBytes(largestFileBytes)}. ${unchanged}`,
      };
    case 'no-picture':
      return {
        title: `${what} is not a picture`,
        text: `Choose an image file, such as a JPEG or a PNG. ${unchanged}`,
      };
    case 'unreadable':
      return {
        title: `This browser cannot open ${name === '' ? 'the pasted file' : what}`,
        text: `The file may be damaged, or in a format that the browser does not support. Save it as JPEG or PNG and try again. ${unchanged}`,
      };
  }
}

export const onlyOnePicture: PictureProblem = {
  title: 'An item can have only one picture',
  text: `Choose a single file. ${unchanged}`,
};

export function pictureFailure(message: string): PictureProblem {
  return { title: 'The picture was not added', text: `${message} ${unchanged}` };
}
