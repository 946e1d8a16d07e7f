/** Emoji and the short names that the Ethora chat component has for them (those of emoji-mart), for reactions. */

const PAIRS =
  '👍 +1 👎 -1 ❤️ heart 😂 joy 🤣 rolling_on_the_floor_laughing 😀 grinning 😃 smiley 😄 smile 😁 grin 😆 laughing 😅 sweat_smile 🙂 slightly_smiling_face ' +
  '🙃 upside_down_face 😉 wink 😊 blush 😇 innocent 🥰 smiling_face_with_3_hearts 😍 heart_eyes 🤩 star-struck 😘 kissing_heart ' +
  '😋 yum 😛 stuck_out_tongue 😜 stuck_out_tongue_winking_eye 🤪 zany_face 🤗 hugging_face 🤭 face_with_hand_over_mouth ' +
  '🤔 thinking_face 😐 neutral_face 😑 expressionless 😶 no_mouth 😏 smirk 😒 unamused 🙄 face_with_rolling_eyes 😬 grimacing ' +
  '😌 relieved 😔 pensive 😪 sleepy 😴 sleeping 😷 mask 🤒 face_with_thermometer 🤢 nauseated_face 🤯 exploding_head 🥳 partying_face ' +
  '😎 sunglasses 🤓 nerd_face 😕 confused 😟 worried 🙁 slightly_frowning_face 😮 open_mouth 😯 hushed 😲 astonished 😳 flushed ' +
  '🥺 pleading_face 😨 fearful 😰 cold_sweat 😥 disappointed_relieved 😢 cry 😭 sob 😱 scream 😞 disappointed 😓 sweat 😩 weary ' +
  '😫 tired_face 🥱 yawning_face 😤 triumph 😡 rage 😠 angry 🤬 face_with_symbols_on_mouth 😈 smiling_imp 💀 skull 💩 hankey ' +
  '🤡 clown_face 👻 ghost 👽 alien 🤖 robot_face 🙈 see_no_evil 🙉 hear_no_evil 🙊 speak_no_evil 💔 broken_heart 💕 two_hearts ' +
  '💙 blue_heart 💚 green_heart 💛 yellow_heart 🧡 orange_heart 💜 purple_heart 🖤 black_heart 💯 100 💥 boom 💦 sweat_drops ' +
  '👋 wave ✋ hand 👌 ok_hand ✌️ v 🤞 crossed_fingers 🤟 i_love_you_hand_sign 🤘 the_horns 👈 point_left 👉 point_right ' +
  '👆 point_up_2 👇 point_down ☝️ point_up ✊ fist 👊 facepunch 👏 clap 🙌 raised_hands 👐 open_hands 🤝 handshake 🙏 pray ' +
  '💪 muscle 👀 eyes 🧠 brain 🎉 tada 🎊 confetti_ball 🎁 gift 🏆 trophy 🥇 first_place_medal ⚽ soccer ☕ coffee 🍺 beer 🍻 beers ' +
  '🍕 pizza 🎂 birthday 🔥 fire ⭐ star 🌟 star2 ✨ sparkles ☀️ sunny 🌈 rainbow ⚡ zap ❄️ snowflake 🌹 rose 🌻 sunflower 🐱 cat 🐶 dog ' +
  '🦄 unicorn_face 🐢 turtle 🚀 rocket ⏰ alarm_clock 💡 bulb 💰 moneybag 📌 pushpin 🔒 lock 🔑 key 🎵 musical_note ' +
  '✅ white_check_mark ✔️ heavy_check_mark ❌ x ❓ question ❗ exclamation ⚠️ warning ➕ heavy_plus_sign'

const WORDS = PAIRS.split(' ')
const ENTRIES = WORDS.filter((_, at) => at % 2 === 0).map(
  (emoji, at) => [emoji, WORDS[2 * at + 1] ?? ''] as const,
)
const BY_NAME: ReadonlyMap<string, string> = new Map(ENTRIES.map(([emoji, name]) => [name, emoji]))
const BY_EMOJI: ReadonlyMap<string, string> = new Map(
  ENTRIES.map(([emoji, name]) => [withoutLook(emoji), name]),
)

/** Without the sign that asks for a coloured picture, and without the colour of skin. */
function withoutLook(emoji: string): string {
  return emoji.replace(/[\uFE0F\u{1F3FB}-\u{1F3FF}]/gu, '')
}

/** The emoji of a short name; of one that is not known the name between colons. Other texts stay as they are. */
export const emojiNamed = (name: string): string =>
  BY_NAME.get(name) ?? (/^[a-z0-9_+-]{1,60}$/.test(name) ? `:${name}:` : name)

/** The inverse: the short name of an emoji, or the text itself. */
export const nameOfEmoji = (emoji: string): string =>
  BY_EMOJI.get(withoutLook(emoji)) ?? /^:([a-z0-9_+-]{1,60}):$/.exec(emoji)?.[1] ?? emoji
