"""What a password must be, each rule with a sentence that says what to do instead."""

from django.contrib.auth import password_validation as django_rules


class LongEnough(django_rules.MinimumLengthValidator):
    def get_error_message(self) -> str:
        return f"密码太短，至少 {self.min_length} 个字符。"

    def get_help_text(self) -> str:
        return f"至少 {self.min_length} 个字符"


class NotPersonal(django_rules.UserAttributeSimilarityValidator):
    def get_error_message(self) -> str:
        return "密码与“%(verbose_name)s”太接近，容易被猜到，请换一个。"

    def get_help_text(self) -> str:
        return "不要用账号、姓名"


class NotCommon(django_rules.CommonPasswordValidator):
    def get_error_message(self) -> str:
        return "这个密码太常见，容易被猜到，请换一个。"

    def get_help_text(self) -> str:
        return "不要用常见密码"


class NotOnlyDigits(django_rules.NumericPasswordValidator):
    def get_error_message(self) -> str:
        return "密码不能全是数字，请加上字母或符号。"

    def get_help_text(self) -> str:
        return "不能全是数字"


def rules_in_words() -> str:
    """All rules in one sentence."""
    validators = django_rules.get_default_password_validators()
    return "，".join(one.get_help_text() for one in validators) + "。"
