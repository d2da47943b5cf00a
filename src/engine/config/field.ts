/**
 * One field of the experiment file, described as data: the file's checks, the form, the JSON schema and the documentation
 * are all made from these descriptions.
 */

/** What a field can hold once read. */
export type FieldValue = string | number | boolean | null;

export type FieldGroup = 'experiment' | 'data' | 'training' | 'generation' | 'evaluation';
export type FieldKind = 'number' | 'integer' | 'boolean' | 'choice' | 'text' | 'path';

export interface FieldDescription {
  readonly group: FieldGroup;
  /** Two or three words for a form. */
  readonly label: string;
  /** One or two sentences for a newcomer. */
  readonly description: string;
  /** What the number counts; null where it counts nothing. */
  readonly unit: string | null;
  readonly kind: FieldKind;
  /** Value of a field that is not given; of no meaning where `isRequired`. */
  readonly default: FieldValue;
  readonly isRequired: boolean;
  /** Whether null (in a form: nothing) may be given. */
  readonly isNullable: boolean;
  /** Range of a number; null where open. */
  readonly min: number | null;
  readonly max: number | null;
  /** Whether `min` or `max` itself is out of range. */
  readonly excludesMin: boolean;
  readonly excludesMax: boolean;
  /** Allowed values of a choice, as text; `true` and `false` stand for the booleans. */
  readonly choices: readonly string[] | null;
  /** What a text must look like, and how to say it; null where anything goes. */
  readonly pattern: { readonly expression: RegExp; readonly expected: string } | null;
  /** How many characters a text may have; null where only the file as a whole is limited. */
  readonly maxLength: number | null;
  /** Corpus formats that have this field; null for a field that is always there. */
  readonly formats: readonly string[] | null;
}

type Given<K extends FieldKind, Optional extends keyof FieldDescription = never> = Pick<
  FieldDescription,
  'group' | 'label' | 'description'
> &
  Partial<Pick<FieldDescription, 'default' | 'isRequired' | 'formats' | Optional>> & { readonly kind?: K };

const absent = {
  unit: null,
  default: null,
  isRequired: false,
  isNullable: false,
  min: null,
  max: null,
  excludesMin: false,
  excludesMax: false,
  choices: null,
  pattern: null,
  maxLength: null,
  formats: null,
} as const;

type NumberGiven<K extends FieldKind> = Given<K, 'unit' | 'isNullable' | 'min' | 'max' | 'excludesMin' | 'excludesMax'>;

/** Describes a field that holds a finite number. */
export function numberField(given: NumberGiven<'number'>): FieldDescription {
  return { ...absent, ...given, kind: 'number' };
}

/** Describes a field that holds a whole number. */
export function integerField(given: NumberGiven<'integer'>): FieldDescription {
  return { ...absent, ...given, kind: 'integer' };
}

/** Describes a field that is true or false. */
export function booleanField(given: Given<'boolean'>): FieldDescription {
  return { ...absent, ...given, kind: 'boolean' };
}

/** Describes a field that holds one of a few words. */
export function choiceField(
  given: Given<'choice', 'isNullable'> & { readonly choices: readonly string[] },
): FieldDescription {
  return { ...absent, ...given, kind: 'choice' };
}

/** Describes a field that holds one line of text. */
export function textField(given: Given<'text', 'pattern' | 'maxLength' | 'isNullable'>): FieldDescription {
  return { ...absent, default: '', ...given, kind: 'text' };
}

/** Describes a field that holds a file or folder, relative to the experiment file's folder. */
export function pathField(given: Given<'path', 'isNullable'>): FieldDescription {
  return { ...absent, ...given, kind: 'path' };
}
