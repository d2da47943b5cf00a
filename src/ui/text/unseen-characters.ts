/**
 * The characters that do to a screen what nobody sees: steer the terminal, turn the direction of writing, take no room, or pile
 * marks upon one letter. Everything that shows a text of unknown origin looks for these.
 */

/**
 * For a class of a regular expression: control codes, whatever they mean (a tab and a line feed too); characters without width;
 * marks and overrides of the direction of writing; separators of lines and paragraphs; invisible operators; annotations; tags;
 * and halves of surrogate pairs.
 */
const UNSEEN =
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u070f\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb\\u{13430}-\\u{1343f}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}\\p{Surrogate}';

/**
 * A joiner (U+200C, U+200D) after a letter of a script that needs them, or inside of an emoji, belongs there; elsewhere it only
 * makes two names look like one.
 */
const JOINER_AT_HOME =
  '(?:\\p{Extended_Pictographic}|\\ufe0f|\\p{Emoji_Modifier}|(?![\\p{Script=Latin}\\p{Script=Greek}\\p{Script=Cyrillic}\\p{Script=Common}\\p{Script=Inherited}])[\\p{L}\\p{M}])';

/** A selector of variants after a sign that has some: an emoji, a digit of a key, a letter of a script that writes with them. */
const SELECTOR_AT_HOME =
  '(?:[\\p{Extended_Pictographic}\\p{Emoji_Component}\\p{Script=Mongolian}\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Myanmar}\\p{Script=Phags_Pa}\\p{S}])';

export const unseenCharacters = new RegExp(
  `[${UNSEEN}]|(?<!${JOINER_AT_HOME})[\\u200c\\u200d]|(?<!${SELECTOR_AT_HOME})[\\ufe00-\\ufe0f\\u180b-\\u180d\\u180f]`,
  'gu',
);

/** Marks beyond the eighth on one letter; no writing has as many. */
export const excessMarks = /(?<=\p{M}{8})\p{M}+/gu;
