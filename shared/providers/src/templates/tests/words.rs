//! Every kind in every language: subject and text.

use super::*;

#[test]
fn every_kind_in_english() {
    insta::assert_snapshot!(told(Language::English, MessageKind::Confirmed), @r"
    Booked: Blue room on Monday, 1 March 2027 at 09:30

    Hello Asha,

    Blue room is yours. The calendar file with this message puts it into your calendar.

    Room: Blue room
    Where: Harbour, 1 Quay Street
    When: Monday, 1 March 2027, 09:30 to 10:00 CET (Europe/Berlin)
    Your time: Monday, 1 March 2027, 14:00 to 14:30 IST (Asia/Kolkata)
    What for: Sales & plans

    See or change the booking:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::English, MessageKind::Changed), @r"
    Changed: Blue room, now Monday, 1 March 2027 at 09:30

    Hello Asha,

    This is what holds from now on. The calendar file with this message updates your calendar.

    Room: Blue room
    Where: Harbour, 1 Quay Street
    When: Monday, 1 March 2027, 09:30 to 10:00 CET (Europe/Berlin)
    Your time: Monday, 1 March 2027, 14:00 to 14:30 IST (Asia/Kolkata)
    What for: Sales & plans

    See or change the booking:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::English, MessageKind::Cancelled), @r"
    Cancelled: Blue room on Monday, 1 March 2027 at 09:30

    Hello Asha,

    The room is no longer kept for you, and there is nothing left for you to do.

    Reason: Water damage

    Room: Blue room
    Where: Harbour, 1 Quay Street
    When: Monday, 1 March 2027, 09:30 to 10:00 CET (Europe/Berlin)
    Your time: Monday, 1 March 2027, 14:00 to 14:30 IST (Asia/Kolkata)
    What for: Sales & plans

    See the booking:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::English, MessageKind::Reminder), @r"
    Soon: Blue room on Monday, 1 March 2027 at 09:30

    Hello Asha,

    Just a reminder. If you no longer need the room, give it back so that somebody else can have it.

    Room: Blue room
    Where: Harbour, 1 Quay Street
    When: Monday, 1 March 2027, 09:30 to 10:00 CET (Europe/Berlin)
    Your time: Monday, 1 March 2027, 14:00 to 14:30 IST (Asia/Kolkata)
    What for: Sales & plans

    See, change or cancel the booking:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::English, MessageKind::PasswordReset), @r"
    Set a new password

    Hello Asha,

    Somebody, probably you, asked for a new password for your account.

    Choose a new password:
    https://rooms.example/b/1?a=1&b=2

    The link works once, until Monday, 1 March 2027, 14:30 IST. If you did not ask for it, ignore this message: your password stays as it is.
    ");
    insta::assert_snapshot!(told(Language::English, MessageKind::OutOfService), @r"
    Blue room cannot be used on Monday, 1 March 2027

    Hello Asha,

    We are sorry: Blue room is out of service at the time you booked. Please move your booking or choose another room.

    Reason: Water damage

    Room: Blue room
    Where: Harbour, 1 Quay Street
    When: Monday, 1 March 2027, 09:30 to 10:00 CET (Europe/Berlin)
    Your time: Monday, 1 March 2027, 14:00 to 14:30 IST (Asia/Kolkata)
    What for: Sales & plans

    Move the booking:
    https://rooms.example/b/1?a=1&b=2
    ");
}

#[test]
fn every_kind_in_german() {
    insta::assert_snapshot!(told(Language::German, MessageKind::Confirmed), @r"
    Gebucht: Blue room am Montag, 1. März 2027 um 09:30 Uhr

    Hallo Asha,

    Blue room ist für Sie reserviert. Die Kalenderdatei in dieser Nachricht trägt den Termin in Ihren Kalender ein.

    Raum: Blue room
    Wo: Harbour, 1 Quay Street
    Wann: Montag, 1. März 2027, 09:30 bis 10:00 CET (Europe/Berlin)
    Ihre Zeit: Montag, 1. März 2027, 14:00 bis 14:30 IST (Asia/Kolkata)
    Wofür: Sales & plans

    Buchung ansehen oder ändern:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::German, MessageKind::Changed), @r"
    Geändert: Blue room, jetzt am Montag, 1. März 2027 um 09:30 Uhr

    Hallo Asha,

    Ab sofort gilt, was hier steht. Die Kalenderdatei in dieser Nachricht bringt Ihren Kalender auf den neuen Stand.

    Raum: Blue room
    Wo: Harbour, 1 Quay Street
    Wann: Montag, 1. März 2027, 09:30 bis 10:00 CET (Europe/Berlin)
    Ihre Zeit: Montag, 1. März 2027, 14:00 bis 14:30 IST (Asia/Kolkata)
    Wofür: Sales & plans

    Buchung ansehen oder ändern:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::German, MessageKind::Cancelled), @r"
    Storniert: Blue room am Montag, 1. März 2027 um 09:30 Uhr

    Hallo Asha,

    Der Raum ist nicht mehr für Sie reserviert. Sie müssen nichts weiter tun.

    Grund: Water damage

    Raum: Blue room
    Wo: Harbour, 1 Quay Street
    Wann: Montag, 1. März 2027, 09:30 bis 10:00 CET (Europe/Berlin)
    Ihre Zeit: Montag, 1. März 2027, 14:00 bis 14:30 IST (Asia/Kolkata)
    Wofür: Sales & plans

    Buchung ansehen:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::German, MessageKind::Reminder), @r"
    Bald: Blue room am Montag, 1. März 2027 um 09:30 Uhr

    Hallo Asha,

    Nur zur Erinnerung. Wenn Sie den Raum nicht mehr brauchen, geben Sie ihn bitte für andere frei.

    Raum: Blue room
    Wo: Harbour, 1 Quay Street
    Wann: Montag, 1. März 2027, 09:30 bis 10:00 CET (Europe/Berlin)
    Ihre Zeit: Montag, 1. März 2027, 14:00 bis 14:30 IST (Asia/Kolkata)
    Wofür: Sales & plans

    Buchung ansehen, ändern oder stornieren:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::German, MessageKind::PasswordReset), @r"
    Neues Passwort festlegen

    Hallo Asha,

    Jemand, vermutlich Sie, hat ein neues Passwort für Ihr Konto angefordert.

    Neues Passwort wählen:
    https://rooms.example/b/1?a=1&b=2

    Der Link gilt einmal, bis Montag, 1. März 2027, 14:30 IST. Wenn Sie nichts angefordert haben, ignorieren Sie diese Nachricht: Ihr Passwort bleibt, wie es ist.
    ");
    insta::assert_snapshot!(told(Language::German, MessageKind::OutOfService), @r"
    Blue room ist am Montag, 1. März 2027 nicht nutzbar

    Hallo Asha,

    Es tut uns leid: Blue room ist zur gebuchten Zeit außer Betrieb. Bitte verschieben Sie Ihre Buchung oder wählen Sie einen anderen Raum.

    Grund: Water damage

    Raum: Blue room
    Wo: Harbour, 1 Quay Street
    Wann: Montag, 1. März 2027, 09:30 bis 10:00 CET (Europe/Berlin)
    Ihre Zeit: Montag, 1. März 2027, 14:00 bis 14:30 IST (Asia/Kolkata)
    Wofür: Sales & plans

    Buchung verschieben:
    https://rooms.example/b/1?a=1&b=2
    ");
}

#[test]
fn every_kind_in_hindi() {
    insta::assert_snapshot!(told(Language::Hindi, MessageKind::Confirmed), @r"
    बुक हुआ: Blue room, सोमवार, 1 मार्च 2027, 09:30 बजे

    नमस्ते Asha,

    Blue room आपके लिए सुरक्षित है। इस संदेश की कैलेंडर फ़ाइल इसे आपके कैलेंडर में जोड़ देगी।

    कमरा: Blue room
    स्थान: Harbour, 1 Quay Street
    समय: सोमवार, 1 मार्च 2027, 09:30 से 10:00 CET (Europe/Berlin)
    आपका समय: सोमवार, 1 मार्च 2027, 14:00 से 14:30 IST (Asia/Kolkata)
    विषय: Sales & plans

    बुकिंग देखें या बदलें:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::Hindi, MessageKind::Changed), @r"
    बदलाव: Blue room, अब सोमवार, 1 मार्च 2027, 09:30 बजे

    नमस्ते Asha,

    अब से यही मान्य है। इस संदेश की कैलेंडर फ़ाइल आपके कैलेंडर को अपडेट कर देगी।

    कमरा: Blue room
    स्थान: Harbour, 1 Quay Street
    समय: सोमवार, 1 मार्च 2027, 09:30 से 10:00 CET (Europe/Berlin)
    आपका समय: सोमवार, 1 मार्च 2027, 14:00 से 14:30 IST (Asia/Kolkata)
    विषय: Sales & plans

    बुकिंग देखें या बदलें:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::Hindi, MessageKind::Cancelled), @r"
    रद्द: Blue room, सोमवार, 1 मार्च 2027, 09:30 बजे

    नमस्ते Asha,

    यह कमरा अब आपके लिए सुरक्षित नहीं है। आपको और कुछ करने की ज़रूरत नहीं है।

    कारण: Water damage

    कमरा: Blue room
    स्थान: Harbour, 1 Quay Street
    समय: सोमवार, 1 मार्च 2027, 09:30 से 10:00 CET (Europe/Berlin)
    आपका समय: सोमवार, 1 मार्च 2027, 14:00 से 14:30 IST (Asia/Kolkata)
    विषय: Sales & plans

    बुकिंग देखें:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::Hindi, MessageKind::Reminder), @r"
    जल्द ही: Blue room, सोमवार, 1 मार्च 2027, 09:30 बजे

    नमस्ते Asha,

    बस याद दिलाने के लिए। अगर अब कमरे की ज़रूरत नहीं है, तो कृपया इसे दूसरों के लिए छोड़ दें।

    कमरा: Blue room
    स्थान: Harbour, 1 Quay Street
    समय: सोमवार, 1 मार्च 2027, 09:30 से 10:00 CET (Europe/Berlin)
    आपका समय: सोमवार, 1 मार्च 2027, 14:00 से 14:30 IST (Asia/Kolkata)
    विषय: Sales & plans

    बुकिंग देखें, बदलें या रद्द करें:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::Hindi, MessageKind::PasswordReset), @r"
    नया पासवर्ड चुनें

    नमस्ते Asha,

    किसी ने, शायद आपने, आपके खाते के लिए नया पासवर्ड माँगा है।

    नया पासवर्ड चुनें:
    https://rooms.example/b/1?a=1&b=2

    यह लिंक केवल एक बार काम करता है, सोमवार, 1 मार्च 2027, 14:30 IST तक। अगर आपने इसे नहीं माँगा, तो इस संदेश को अनदेखा करें: आपका पासवर्ड वैसा ही रहेगा।
    ");
    insta::assert_snapshot!(told(Language::Hindi, MessageKind::OutOfService), @r"
    Blue room सोमवार, 1 मार्च 2027 को उपलब्ध नहीं है

    नमस्ते Asha,

    हमें खेद है: Blue room आपके बुक किए समय पर उपयोग में नहीं होगा। कृपया बुकिंग का समय बदलें या दूसरा कमरा चुनें।

    कारण: Water damage

    कमरा: Blue room
    स्थान: Harbour, 1 Quay Street
    समय: सोमवार, 1 मार्च 2027, 09:30 से 10:00 CET (Europe/Berlin)
    आपका समय: सोमवार, 1 मार्च 2027, 14:00 से 14:30 IST (Asia/Kolkata)
    विषय: Sales & plans

    बुकिंग बदलें:
    https://rooms.example/b/1?a=1&b=2
    ");
}

#[test]
fn what_was_paid_is_told_with_its_sum_and_what_goes_back() {
    insta::assert_snapshot!(told(Language::English, MessageKind::SessionConfirmed), @r"
    Booked: Evening concert on Monday, 1 March 2027 at 09:30

    Hello Asha,

    Your seat is booked. In all: EUR 31.00.

    What: Evening concert
    Where: Harbour, 1 Quay Street
    When: Monday, 1 March 2027, 09:30 to 10:00 CET (Europe/Berlin)
    Your time: Monday, 1 March 2027, 14:00 to 14:30 IST (Asia/Kolkata)

    See the order:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::German, MessageKind::SessionCancelled), @r"
    Storniert: Evening concert am Montag, 1. März 2027 um 09:30

    Hallo Asha,

    Ihr Platz ist zurückgegeben. Sie erhalten zurück: EUR 31.00. Bei der Bank dauert das einige Tage.

    Was: Evening concert
    Wo: Harbour, 1 Quay Street
    Wann: Montag, 1. März 2027, 09:30 bis 10:00 CET (Europe/Berlin)
    Ihre Zeit: Montag, 1. März 2027, 14:00 bis 14:30 IST (Asia/Kolkata)

    Bestellung ansehen:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::Hindi, MessageKind::SessionLost), @r"
    भुगतान देर से आया: Evening concert, सोमवार, 1 मार्च 2027

    नमस्ते Asha,

    आपका भुगतान तब आया जब आख़िरी सीट जा चुकी थी। पूरी राशि अपने आप वापस मिलेगी: EUR 31.00। बैंक में कुछ दिन लगते हैं।

    क्या: Evening concert
    कहाँ: Harbour, 1 Quay Street
    कब: सोमवार, 1 मार्च 2027, 09:30 से 10:00 CET (Europe/Berlin)
    आपका समय: सोमवार, 1 मार्च 2027, 14:00 से 14:30 IST (Asia/Kolkata)

    ऑर्डर देखें:
    https://rooms.example/b/1?a=1&b=2
    ");
    insta::assert_snapshot!(told(Language::English, MessageKind::SessionCompleted), @r"
    The recording of Evening concert

    Hello Asha,

    It took place. The recording: https://v.example/1

    What: Evening concert
    Where: Harbour, 1 Quay Street
    When: Monday, 1 March 2027, 09:30 to 10:00 CET (Europe/Berlin)
    Your time: Monday, 1 March 2027, 14:00 to 14:30 IST (Asia/Kolkata)

    See the order:
    https://rooms.example/b/1?a=1&b=2
    ");
}
