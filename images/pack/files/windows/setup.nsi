; The Windows installer. Text tokens between @ are filled in by package pack.
;
; Silent: setup.exe /S [/EXCLUDE=1]      uninstall.exe /S [/DELETEDATA=1]
; Exit codes: 0 done; 10 Windows too old; 11 not 64-bit x86; 12 a newer version
; is installed; 13 disk full; 14 the old program cannot be replaced; 15 the
; service cannot be installed; 16 another setup is running. With 10 to 14 and 16
; nothing was changed and the old program goes on. The sentences that a person
; would see are in %TEMP%\tramxa-setup.log too.
Unicode true
ManifestSupportedOS all
ManifestDPIAware true
RequestExecutionLevel admin
SetCompressor /SOLID lzma
CRCCheck force
!include MUI2.nsh
!include LogicLib.nsh
!include x64.nsh
!include WinVer.nsh
!include FileFunc.nsh
!include WordFunc.nsh

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\tramxa"
!define SERVICE "SYSTEM\CurrentControlSet\Services\tramxa"
!define PAGE "http://127.0.0.1:8480/"
!define TASK "tramxa\bringback"
!define KEEP "tramxa-@SHA256@.copy"

Name "Trạm xã"
BrandingText "tramxa @VERSION@"
OutFile "@OUT@"
InstallDir "$PROGRAMFILES64\tramxa"
ShowInstDetails show
ShowUninstDetails show
VIProductVersion "@NUMBERS@"
VIAddVersionKey /LANG=0 "ProductName" "tramxa"
VIAddVersionKey /LANG=0 "ProductVersion" "@VERSION@"
VIAddVersionKey /LANG=0 "FileVersion" "@NUMBERS@"
VIAddVersionKey /LANG=0 "FileDescription" "tramxa setup"
VIAddVersionKey /LANG=0 "LegalCopyright" "Apache-2.0"
@SIGN@

!define MUI_ICON "tramxa.ico"
!define MUI_UNICON "tramxa.ico"
!define MUI_ABORTWARNING
!define MUI_WELCOMEPAGE_TEXT "$(welcome)"
!define MUI_FINISHPAGE_NOAUTOCLOSE
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_TEXT "$(open)"
!define MUI_FINISHPAGE_RUN_FUNCTION OpenPage
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "Vietnamese"
!insertmacro MUI_LANGUAGE "English"

LangString welcome ${LANG_VIETNAMESE} "Cài Trạm xã @VERSION@: sổ dân cư của xã trên máy này.$\r$\n$\r$\nTrạm sẽ tự chạy mỗi khi bật máy. Nếu máy đã có Trạm xã, chương trình được thay bằng bản này và sổ dân cư giữ nguyên."
LangString welcome ${LANG_ENGLISH} "Installs Trạm xã @VERSION@: the population register of the commune on this PC.$\r$\n$\r$\nThe station starts with the PC. Where it is installed already, the program is replaced and the register stays as it is."
LangString open ${LANG_VIETNAMESE} "Mở trang Trạm xã"
LangString open ${LANG_ENGLISH} "Open the page of the station"
LangString partProgram ${LANG_VIETNAMESE} "Chương trình và dịch vụ"
LangString partProgram ${LANG_ENGLISH} "Program and service"
LangString partDesktop ${LANG_VIETNAMESE} "Biểu tượng trên màn hình"
LangString partDesktop ${LANG_ENGLISH} "Icon on the desktop"
LangString partExclude ${LANG_VIETNAMESE} "Windows Defender bỏ qua thư mục chương trình"
LangString partExclude ${LANG_ENGLISH} "Windows Defender leaves the program's folders out"

; Say VIETNAMESE ENGLISH: a box for people, a line in the log for all.
!macro Say vi en
	Push "${vi}$\r$\n$\r$\n${en}"
	!ifdef __UNINSTALL__
		Call un.Say
	!else
		Call Say
	!endif
!macroend
!define Say "!insertmacro Say"

!macro Functions un
; Note: the top of the stack goes to the log and the window.
Function ${un}Note
	Exch $0
	Push $1
	DetailPrint $0
	ClearErrors
	FileOpen $1 "$TEMP\tramxa-setup.log" a
	${IfNot} ${Errors}
		FileSeek $1 0 END
		FileWriteUTF16LE /BOM $1 "$0$\r$\n"
		FileClose $1
	${EndIf}
	ClearErrors
	Pop $1
	Pop $0
FunctionEnd

Function ${un}Say
	Exch $0
	Push $0
	Call ${un}Note
	MessageBox MB_OK|MB_ICONINFORMATION "$0" /SD IDOK
	Pop $0
FunctionEnd

; Do runs the command on top of the stack, hidden; its exit code takes its place.
; What it said is in $R9, and in the log when it failed.
Function ${un}Do
	Exch $0
	Push $1
	nsExec::ExecToStack /TIMEOUT=90000 '$0'
	Pop $1
	Pop $R9
	${If} $1 != 0
		Push "$0$\r$\n$1: $R9"
		Call ${un}Note
	${EndIf}
	StrCpy $0 $1
	Pop $1
	Exch $0
FunctionEnd

; StopService stops the service and waits until its program is free. 1 on the
; stack: it is.
Function ${un}StopService
	Push $0
	Push $1
	ReadRegStr $0 HKLM "${SERVICE}" "ImagePath"
	${If} $0 != ""
		${If} ${FileExists} "$INSTDIR\tramxa.exe"
			Push '"$INSTDIR\tramxa.exe" service stop'
		${Else}
			Push '"$SYSDIR\net.exe" stop tramxa'
		${EndIf}
		Call ${un}Do
		Pop $0
	${EndIf}
	; A running program cannot be opened for writing.
	StrCpy $1 0
	${Do}
		StrCpy $0 1
		${If} ${FileExists} "$INSTDIR\tramxa.exe"
			ClearErrors
			FileOpen $0 "$INSTDIR\tramxa.exe" a
			${If} ${Errors}
				StrCpy $0 0
			${Else}
				FileClose $0
				StrCpy $0 1
			${EndIf}
		${EndIf}
		${If} $0 == 1
			${ExitDo}
		${EndIf}
		IntOp $1 $1 + 1
		Sleep 1000
	${LoopUntil} $1 >= 45
	ClearErrors
	Pop $1
	Exch $0
FunctionEnd
!macroend
!insertmacro Functions ""
!insertmacro Functions "un."

; Replace renames the file $R0 to $R1 in one step on the disk, so that a power cut
; leaves the old file or the new one. $R2 is 0 when it did not work.
Function Replace
	System::Call 'kernel32::MoveFileEx(t R0, t R1, i 9) i.R2'
FunctionEnd

Function OpenPage
	; By the shell of the person, not by this setup, which is an administrator.
	Exec '"$WINDIR\explorer.exe" "${PAGE}"'
FunctionEnd

; The sentence about Windows 7 comes before anything else: nothing was changed.
Function .onInit
	${IfNot} ${AtLeastWin10}
		SetErrorLevel 10
		${Say} "Trạm xã cần Windows 10 trở lên. Máy này cũ hơn; không có gì thay đổi trên máy. Cách làm: chạy Trạm xã từ USB ảnh đĩa (không cần Windows), hoặc mở trang của một trạm khác bằng trình duyệt trên máy này." "Trạm xã needs Windows 10 or later. This PC has an older one; nothing was changed on it. The way: run Trạm xã from the USB disk image, which needs no Windows, or open another station's page in the browser of this PC."
		Quit
	${EndIf}
	${IfNot} ${IsNativeAMD64}
		SetErrorLevel 11
		${Say} "Trạm xã cần Windows 64 bit (x64). Không có gì thay đổi trên máy. Cách làm: máy có bộ xử lý 64 bit thì chạy Trạm xã từ USB ảnh đĩa." "Trạm xã needs 64-bit Windows (x64). Nothing was changed. The way: a PC with a 64-bit processor runs Trạm xã from the USB disk image."
		Quit
	${EndIf}
	SetRegView 64
	SetShellVarContext all
	StrCpy $INSTDIR "$PROGRAMFILES64\tramxa"
	System::Call 'kernel32::CreateMutex(p 0, i 0, t "Global\tramxa-setup") p.r1 ?e'
	Pop $0
	${If} $0 = 183
		SetErrorLevel 16
		${Say} "Một bộ cài Trạm xã khác đang chạy; chờ nó xong rồi chạy lại." "Another setup of Trạm xã is running; wait for it and start this one again."
		Quit
	${EndIf}
	ReadRegStr $0 HKLM "Software\tramxa" "Numbers"
	${If} $0 != ""
		${VersionCompare} "$0" "@NUMBERS@" $1
		${If} $1 = 1
			SetErrorLevel 12
			ReadRegStr $0 HKLM "Software\tramxa" "Version"
			${Say} "Bản $0 đang cài mới hơn bản @VERSION@ này; không có gì thay đổi. Muốn về bản trước: mở trang Kỹ thuật của trạm, hoặc lệnh tramxa update rollback." "Version $0 is installed and newer than this @VERSION@; nothing was changed. To go back: the technician's page of the station, or the command tramxa update rollback."
			Quit
		${EndIf}
	${EndIf}
	${GetRoot} "$INSTDIR" $0
	${DriveSpace} "$0\" "/D=F /S=M" $1
	${If} $1 < 200
		SetErrorLevel 13
		${Say} "Ổ $0 chỉ còn $1 MB trống, cần 200 MB. Không có gì thay đổi. Cách làm: xóa bớt tệp không cần rồi chạy lại." "Drive $0 has $1 MB free, 200 MB are needed. Nothing was changed. The way: remove what is not needed and start again."
		Quit
	${EndIf}
	Call Choose
FunctionEnd

Section "$(partProgram)" secProgram
	SectionIn RO
	SetOutPath "$INSTDIR"
	; The new program lies beside the old one before the old one is stopped.
	ClearErrors
	SetOverwrite try
	File /oname=tramxa.new tramxa.exe
	${If} ${Errors}
		SetErrorLevel 14
		Delete "$INSTDIR\tramxa.new"
		${Say} "Không ghi được vào $INSTDIR; bản đang cài vẫn chạy. Cách làm: tắt phần mềm diệt vi-rút rồi chạy lại." "$INSTDIR cannot be written to; the installed version goes on. The way: switch the antivirus off and start again."
		Abort
	${EndIf}
	SetOverwrite on
	Call StopService
	Pop $0
	${If} $0 = 1
		StrCpy $R0 "$INSTDIR\tramxa.new"
		StrCpy $R1 "$INSTDIR\tramxa.exe"
		Call Replace
		StrCpy $0 $R2
	${EndIf}
	${If} $0 = 0
		SetErrorLevel 14
		Delete "$INSTDIR\tramxa.new"
		Push '"$INSTDIR\tramxa.exe" service start'
		Call Do
		Pop $0
		${Say} "Chương trình đang chạy không dừng được, nên chưa thay; bản cũ vẫn dùng được. Cách làm: khởi động lại máy rồi chạy lại bộ cài." "The running program could not be stopped and was not replaced; the old version still works. The way: restart the PC and run this setup again."
		Abort
	${EndIf}

	; The copy that brings the program back when something takes it away.
	CopyFiles /SILENT "$INSTDIR\tramxa.exe" "$INSTDIR\copy.new"
	StrCpy $R0 "$INSTDIR\copy.new"
	StrCpy $R1 "$INSTDIR\${KEEP}"
	Call Replace
	FindFirst $0 $1 "$INSTDIR\tramxa-*.copy"
	${DoWhile} $1 != ""
		${If} $1 != "${KEEP}"
			Delete "$INSTDIR\$1"
		${EndIf}
		FindNext $0 $1
	${Loop}
	FindClose $0
	File bringback.cmd
	File bringback.xml
	File tramxa.ico
	File LICENSE.txt
	File tramxa.cdx.json
	WriteUninstaller "$INSTDIR\uninstall.exe"

	ReadRegStr $0 HKLM "Software\tramxa" "Version"
	${If} $0 == ""
		Push "$APPDATA\tramxa"
		Call Guard
		Push "$APPDATA\tramxa-keys"
		Call Guard
	${EndIf}

	WriteRegStr HKLM "Software\tramxa" "Version" "@VERSION@"
	WriteRegStr HKLM "Software\tramxa" "Numbers" "@NUMBERS@"
	WriteRegStr HKLM "${UNINSTALL}" "DisplayName" "Trạm xã (tramxa)"
	WriteRegStr HKLM "${UNINSTALL}" "DisplayVersion" "@VERSION@"
	WriteRegStr HKLM "${UNINSTALL}" "DisplayIcon" "$INSTDIR\tramxa.ico"
	WriteRegStr HKLM "${UNINSTALL}" "Publisher" "tramxa"
	WriteRegStr HKLM "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
	WriteRegStr HKLM "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
	WriteRegDWORD HKLM "${UNINSTALL}" "NoModify" 1
	WriteRegDWORD HKLM "${UNINSTALL}" "NoRepair" 1
	${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
	WriteRegDWORD HKLM "${UNINSTALL}" "EstimatedSize" $0

	CreateDirectory "$SMPROGRAMS\Trạm xã"
	Push "$SMPROGRAMS\Trạm xã\Trạm xã.url"
	Call Shortcut
	CreateShortCut "$SMPROGRAMS\Trạm xã\Gỡ Trạm xã.lnk" "$INSTDIR\uninstall.exe"

	; The pages of the LAN: from this network alone, whatever Windows calls it.
	Push '"$SYSDIR\netsh.exe" advfirewall firewall delete rule name=tramxa'
	Call Do
	Pop $0
	Push '"$SYSDIR\netsh.exe" advfirewall firewall add rule name=tramxa dir=in action=allow protocol=TCP localport=8443,8481 remoteip=localsubnet profile=any'
	Call Do
	Pop $0
	${If} $0 != 0
		Push "Không mở được tường lửa: máy khác trong mạng chưa vào được trang. / The firewall was not opened: other PCs cannot reach the page yet. ($0)"
		Call Note
	${EndIf}
	Push '"$SYSDIR\schtasks.exe" /create /f /tn "${TASK}" /xml "$INSTDIR\bringback.xml"'
	Call Do
	Pop $0
	${If} $0 != 0
		Push "Không đặt được việc tự khôi phục chương trình. / The task that brings the program back was not made. ($0)"
		Call Note
	${EndIf}

	Push '"$INSTDIR\tramxa.exe" service install'
	Call Do
	Pop $0
	ReadRegStr $1 HKLM "${SERVICE}" "ImagePath"
	${If} $1 == ""
		SetErrorLevel 15
		${Say} "Không đăng ký được dịch vụ Trạm xã (mã $0). Chương trình đã ở $INSTDIR, sổ dân cư không bị đụng tới. Cách làm: khởi động lại máy rồi chạy lại bộ cài." "The service could not be installed (code $0). The program is in $INSTDIR, no register was touched. The way: restart the PC and run this setup again."
		Abort
	${EndIf}
	Push '"$INSTDIR\tramxa.exe" service start'
	Call Do
	Pop $0
	${If} $0 != 0
		Push "Dịch vụ chưa chạy (mã $0); Windows sẽ khởi động nó cùng máy. / The service does not run yet (code $0); Windows starts it with the PC."
		Call Note
	${EndIf}
	; The browser is not to meet a closed door: wait until the service says that
	; the program serves, at most 60 s. NSISdl would ask the page itself, but it
	; does not connect under wine.
	StrCpy $1 0
	${Do}
		Push '"$INSTDIR\tramxa.exe" service status --json'
		Call Do
		Pop $0
		ClearErrors
		${WordFind} $R9 '"text":"running' "E+1{" $0
		${IfNot} ${Errors}
			StrCpy $1 "runs"
			${ExitDo}
		${EndIf}
		IntOp $1 $1 + 1
		Sleep 1000
	${LoopUntil} $1 >= 60
	ClearErrors
	${If} $1 == "runs"
		Push "Trạm xã @VERSION@ đang chạy: ${PAGE} / is running: ${PAGE}"
	${Else}
		Push "Trạm xã @VERSION@ đã cài, trang chưa trả lời: ${PAGE} / is installed, its page does not answer yet: ${PAGE}"
	${EndIf}
	Call Note
SectionEnd

Section "$(partDesktop)" secDesktop
	Push "$DESKTOP\Trạm xã.url"
	Call Shortcut
SectionEnd

; Never chosen by itself: whoever switches a guard off has ticked the box.
Section /o "$(partExclude)" secExclude
	Push "Add"
	Call Exclude
	Pop $0
	${If} $0 = 0
		WriteRegDWORD HKLM "Software\tramxa" "Excluded" 1
	${Else}
		Push "Windows Defender không nhận ngoại lệ. / Windows Defender did not take the exception. ($0)"
		Call Note
	${EndIf}
SectionEnd

; After the sections, because it names one. /EXCLUDE=1 ticks the box.
Function Choose
	Push $0
	Push $1
	${GetParameters} $0
	ClearErrors
	${GetOptions} $0 "/EXCLUDE=" $1
	${If} $1 == "1"
		!insertmacro SelectSection ${secExclude}
	${EndIf}
	ClearErrors
	Pop $1
	Pop $0
FunctionEnd

; Exclude Add|Remove: exit code on the stack. The program's folders only, the
; data are looked at like any other. Defender's commands are in the 64-bit shell
; alone, which this 32-bit setup sees under the name Sysnative.
!macro Exclude un
Function ${un}Exclude
	Exch $0
	Push "$\"$WINDIR\Sysnative\WindowsPowerShell\v1.0\powershell.exe$\" -NoProfile -NonInteractive -Command $0-MpPreference -ExclusionPath '$INSTDIR','$APPDATA\tramxa\app' -ErrorAction Stop"
	Call ${un}Do
	Exch
	Pop $0
FunctionEnd
!macroend
!insertmacro Exclude ""
!insertmacro Exclude "un."

Function Shortcut
	Exch $0
	WriteINIStr "$0" "InternetShortcut" "URL" "${PAGE}"
	WriteINIStr "$0" "InternetShortcut" "IconFile" "$INSTDIR\tramxa.ico"
	WriteINIStr "$0" "InternetShortcut" "IconIndex" "0"
	Pop $0
FunctionEnd

; Guard takes a directory that was in ProgramData before us out of other hands:
; anybody may make one there. The service's own rights are set by 'tramxa service
; install'.
Function Guard
	Exch $0
	Push $1
	${If} ${FileExists} "$0\*.*"
		Push '"$SYSDIR\icacls.exe" "$0" /setowner *S-1-5-32-544 /T /C /Q'
		Call Do
		Pop $1
		Push '"$SYSDIR\icacls.exe" "$0" /reset /T /C /Q'
		Call Do
		Pop $1
	${EndIf}
	Pop $1
	Pop $0
FunctionEnd

Function un.onInit
	SetRegView 64
	SetShellVarContext all
FunctionEnd

Section "Uninstall"
	Call un.StopService
	Pop $0
	${If} $0 = 0
		SetErrorLevel 14
		${Say} "Trạm xã đang chạy và không dừng được; chưa gỡ gì. Cách làm: khởi động lại máy rồi gỡ lại." "Trạm xã runs and could not be stopped; nothing was removed. The way: restart the PC and uninstall again."
		Abort
	${EndIf}
	StrCpy $0 1
	${If} ${FileExists} "$INSTDIR\tramxa.exe"
		Push '"$INSTDIR\tramxa.exe" service uninstall'
		Call un.Do
		Pop $0
	${EndIf}
	${If} $0 != 0
		Push '"$SYSDIR\sc.exe" delete tramxa'
		Call un.Do
		Pop $0
	${EndIf}
	Push '"$SYSDIR\schtasks.exe" /delete /f /tn "${TASK}"'
	Call un.Do
	Pop $0
	Push '"$SYSDIR\netsh.exe" advfirewall firewall delete rule name=tramxa'
	Call un.Do
	Pop $0
	ReadRegDWORD $0 HKLM "Software\tramxa" "Excluded"
	${If} $0 = 1
		Push "Remove"
		Call un.Exclude
		Pop $0
	${EndIf}
	Delete "$INSTDIR\tramxa.exe"
	Delete "$INSTDIR\tramxa.new"
	Delete "$INSTDIR\tramxa-back.exe"
	Delete "$INSTDIR\copy.new"
	Delete "$INSTDIR\tramxa-*.copy"
	Delete "$INSTDIR\bringback.cmd"
	Delete "$INSTDIR\bringback.xml"
	Delete "$INSTDIR\tramxa.ico"
	Delete "$INSTDIR\LICENSE.txt"
	Delete "$INSTDIR\tramxa.cdx.json"
	Delete /REBOOTOK "$INSTDIR\uninstall.exe"
	RMDir "$INSTDIR"
	Delete "$SMPROGRAMS\Trạm xã\Trạm xã.url"
	Delete "$SMPROGRAMS\Trạm xã\Gỡ Trạm xã.lnk"
	RMDir "$SMPROGRAMS\Trạm xã"
	Delete "$DESKTOP\Trạm xã.url"
	DeleteRegKey HKLM "${UNINSTALL}"
	DeleteRegKey HKLM "Software\tramxa"

	; Only who types /DELETEDATA=1 loses the register; no box offers it.
	${GetParameters} $0
	ClearErrors
	${GetOptions} $0 "/DELETEDATA=" $1
	${If} $1 == "1"
		RMDir /r "$APPDATA\tramxa"
		RMDir /r "$APPDATA\tramxa-keys"
		${Say} "Đã gỡ Trạm xã và xóa sổ dân cư cùng khóa, như đã yêu cầu." "Trạm xã was removed, and the register and its keys were deleted as asked."
	${Else}
		${Say} "Đã gỡ Trạm xã. Sổ dân cư còn nguyên ở $APPDATA\tramxa, khóa ở $APPDATA\tramxa-keys; cài lại là dùng tiếp." "Trạm xã was removed. The register stays in $APPDATA\tramxa, its keys in $APPDATA\tramxa-keys; install again to go on."
	${EndIf}
SectionEnd
