/**
 * Two MPEG-1 Layer III frames at 32 kHz, 1152 samples (36 ms) each, to be repeated for as long as is needed. They were
 * cut from the steady middle of two seconds of sine encoded by LAME 3.100. The tones complete whole turns within a
 * frame (16 turns are 444.4 Hz, 11 are 305.6 Hz) and no frame borrows bits from another, so a repetition is seamless.
 *
 *     sox -n -r 32000 -b 16 -c 2 tones.wav synth 2 sine 444.4444 sine 305.5556 vol 0.366
 *     lame -m s --cbr -b 64 --resample 32 --nores --lowpass -1 -t tones.wav stereo.mp3   # frames of 288 bytes
 *     lame -m m --cbr -b 40 --resample 32 --nores -t left.wav mono.mp3                   # frames of 180 bytes
 */

/** Plain stereo (not joint): 444.4 Hz on the left, 305.6 Hz on the right. */
export const stereoFrame = Buffer.from(
  '//tYBAAP8YZcw4LgFYAkYShwA/QQBiVzDguAVgCRhKHAD9BA/hHwiBhMgEQZgGEMv/5Zf//W/q//+j//6N//oN//oN//q/////9v/9B/5L/7O3' +
    '//t6fi0OcfgZi/z3ym/D2j/+c/6/1fqs1We3V69vOa/+yqV/7/9P8I+EQMJkAiDMAwhl//LL//639X//0f//Rv/9Bv/9Bv/9X//9f/9v/9B/5L' +
    '/7O3//t4fi2Oc/gZm9z/y+7DOn/+f/6v1/rt12+zX6tnP6v+2uW/7v9CYgpqKZlxiYGAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  'base64',
);

/** One channel: 444.4 Hz. */
export const monoFrame = Buffer.from(
  '//soxAADxT1zDguAVgCnrmHBcArA/hHwiBhMgEQZgGEMv/5Zf//W/q//+j//6N//oN//oN//q///r//t//oP/CPhEDCZAIgzAMIZf/yy//+t/V' +
    '//9H//0b//Qb//Qb//V///X//b//QdMQU1FMy4xMDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAAAAAAAAAAAA',
  'base64',
);

/** Length of a frame in milliseconds. */
export const frameMs = 36;
