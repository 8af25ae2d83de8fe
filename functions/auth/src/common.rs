//! Passwords that anybody would try first, lower case, of those long enough to pass otherwise.

/// Refused as new passwords. Variations of the words, rows and years that every published list of leaked passwords begins
/// with.
#[rustfmt::skip]
pub(crate) const COMMON: &[&str] = &[
    "1234567890", "0123456789", "0987654321", "9876543210", "12345678910", "123456789a", "a123456789",
    "123456789q", "q123456789", "123456789z", "1234567890a", "1234567890q", "11111222222", "1122334455",
    "1212121212", "1231231230", "1231231231", "123123123a", "1234512345", "1234554321", "123456123456",
    "1234567899", "1234567891", "12345qwert", "123654789a", "1q2w3e4r5t", "1q2w3e4r5t6y", "1qaz2wsx3edc",
    "1qazxsw23edc", "q1w2e3r4t5", "q1w2e3r4t5y6", "qwertyuiop", "qwertyuiop1", "qwertyuiop123",
    "qwerty1234", "qwerty12345", "qwerty123456", "qwe123qwe123", "qweasdzxc123", "qazwsxedcrfv",
    "qwertzuiop", "azertyuiop", "asdfghjkl1", "asdfghjkl123", "asdfghjkl;", "zxcvbnm123", "zaq12wsxcde3",
    "poiuytrewq", "abcdefghij", "abcd123456", "abc1234567", "abcde12345", "aa12345678", "asd123asd123",
    "password12", "password123", "password1234", "password12345", "password123456", "password01",
    "password!!", "password1!", "password123!", "p@ssword123", "p@ssw0rd123", "p@ssword12", "passw0rd123",
    "passw0rd12", "mypassword", "mypassword1", "passwordpassword", "password2024", "password2025",
    "password2026", "password2027", "changeme123", "changemenow", "changeme1234", "letmein123",
    "letmein1234", "letmeinnow", "welcome123", "welcome1234", "welcome2024", "welcome2025", "welcome2026",
    "welcome2027", "administrator", "administrator1", "admin12345", "admin123456", "admin@1234",
    "adminadmin", "rootroot123", "superman123", "batman12345", "football123", "football12", "baseball123",
    "basketball", "iloveyou12", "iloveyou123", "iloveyou1234", "iloveyousomuch", "princess123",
    "princess12", "sunshine123", "sunshine12", "monkey12345", "dragon12345", "master12345", "charlie123",
    "liverpool1", "manchester", "manchester1", "barcelona1", "christopher", "computer123", "internet123",
    "samsung123", "pokemon123", "michael123", "jennifer123", "elizabeth1", "trustno1trustno1",
    "starwars123", "whatever123", "secret12345", "test123456", "testtest123", "guest12345", "summer2026",
    "winter2026", "spring2026", "autumn2026", "holdfast123", "meetingroom",
];
